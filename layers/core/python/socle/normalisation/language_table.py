"""The languages of ISO 639: those with a two-letter code with their names, and the three-letter codes of others in use.

One entry is `two-letter three-letter[,bibliographic] name|name…` (English, French, what else people write); entries end with
a semicolon. Names and the choice of the others as in Unicode CLDR 48.
"""

TABLE = """
aa aar Afar; ab abk Abkhazian|abkhaze; ae ave Avestan|avestique; af afr Afrikaans; ak aka Akan; am amh Amharic|amharique;
an arg Aragonese|aragonais; ar ara Arabic|arabe; as asm Assamese|assamais; av ava Avaric|avar; ay aym Aymara;
az aze Azerbaijani|azerbaïdjanais; ba bak Bashkir|bachkir; be bel Belarusian|biélorusse; bg bul Bulgarian|bulgare;
bi bis Bislama|bichelamar; bm bam Bambara; bn ben Bangla|bengali|Bengali; bo bod,tib Tibetan|tibétain; br bre Breton;
bs bos Bosnian|bosniaque; ca cat Catalan; ce che Chechen|tchétchène; ch cha Chamorro; co cos Corsican|corse; cr cre Cree;
cs ces,cze Czech|tchèque; cu chu Church Slavic|slavon d'église; cv chv Chuvash|tchouvache; cy cym,wel Welsh|gallois;
da dan Danish|danois|Dansk; de deu,ger German|allemand|Deutsch; dv div Divehi|maldivien; dz dzo Dzongkha; ee ewe Ewe|éwé;
el ell,gre Greek|grec|Modern Greek; en eng English|anglais; eo epo Esperanto|espéranto;
es spa Spanish|espagnol|Español|Castilian|Castillan; et est Estonian|estonien; eu eus,baq Basque;
fa fas,per Persian|persan|Farsi; ff ful Fula|peul; fi fin Finnish|finnois|Suomi; fj fij Fijian|fidjien;
fo fao Faroese|féroïen; fr fra,fre French|français; fy fry Western Frisian|frison occidental; ga gle Irish|irlandais;
gd gla Scottish Gaelic|gaélique écossais; gl glg Galician|galicien; gn grn Guarani; gu guj Gujarati|goudjarati;
gv glv Manx|mannois; ha hau Hausa|haoussa; he heb Hebrew|hébreu; hi hin Hindi; ho hmo Hiri Motu; hr hrv Croatian|croate;
ht hat Haitian Creole|créole haïtien|Haitian; hu hun Hungarian|hongrois; hy hye,arm Armenian|arménien; hz her Herero|héréro;
ia ina Interlingua; id ind Indonesian|indonésien; ie ile Interlingue; ig ibo Igbo; ii iii Sichuan Yi|yi du Sichuan;
ik ipk Inupiaq; io ido Ido; is isl,ice Icelandic|islandais; it ita Italian|italien|Italiano; iu iku Inuktitut;
ja jpn Japanese|japonais|日本語; jv jav Javanese|javanais; ka kat,geo Georgian|géorgien; kg kon Kongo|kikongo; ki kik Kikuyu;
kj kua Kuanyama; kk kaz Kazakh; kl kal Kalaallisut|groenlandais; km khm Khmer; kn kan Kannada; ko kor Korean|coréen;
kr kau Kanuri|kanouri; ks kas Kashmiri|cachemiri; ku kur Kurdish|kurde; kv kom Komi; kw cor Cornish|cornique;
ky kir Kyrgyz|kirghize; la lat Latin; lb ltz Luxembourgish|luxembourgeois; lg lug Ganda; li lim Limburgish|limbourgeois;
ln lin Lingala; lo lao Lao; lt lit Lithuanian|lituanien; lu lub Luba-Katanga|luba-katanga (kiluba); lv lav Latvian|letton;
mg mlg Malagasy|malgache; mh mah Marshallese|marshallais; mi mri,mao Māori|maori; mk mkd,mac Macedonian|macédonien;
ml mal Malayalam; mn mon Mongolian|mongol; mr mar Marathi; ms msa,may Malay|malais; mt mlt Maltese|maltais;
my mya,bur Burmese|birman; na nau Nauru|nauruan; nb nob Norwegian Bokmål|norvégien bokmål|Norsk;
nd nde North Ndebele|ndébélé du Nord; ne nep Nepali|népalais; ng ndo Ndonga; nl nld,dut Dutch|néerlandais|Nederlands;
nn nno Norwegian Nynorsk|norvégien nynorsk; no nor Norwegian|norvégien; nr nbl South Ndebele|ndébélé du Sud; nv nav Navajo;
ny nya Nyanja|chewa; oc oci Occitan; oj oji Ojibwa; om orm Oromo; or ori Odia; os oss Ossetic|ossète;
pa pan Punjabi|pendjabi; pi pli Pali; pl pol Polish|polonais|Polski; ps pus Pashto|pachto;
pt por Portuguese|portugais|Português; qu que Quechua; rm roh Romansh|romanche; rn run Rundi|roundi;
ro ron,rum Romanian|roumain; ru rus Russian|russe|Русский; rw kin Kinyarwanda; sa san Sanskrit; sc srd Sardinian|sarde;
sd snd Sindhi; se sme Northern Sami|same du Nord; sg sag Sango; sh hbs Serbo-Croatian|serbo-croate; si sin Sinhala|cingalais;
sk slk,slo Slovak|slovaque; sl slv Slovenian|slovène; sm smo Samoan; sn sna Shona; so som Somali;
sq sqi,alb Albanian|albanais; sr srp Serbian|serbe; ss ssw Swati; st sot Southern Sotho|sotho du Sud;
su sun Sundanese|soundanais; sv swe Swedish|suédois|Svenska; sw swa Swahili; ta tam Tamil|tamoul; te tel Telugu|télougou;
tg tgk Tajik|tadjik; th tha Thai|thaï; ti tir Tigrinya|tigrigna; tk tuk Turkmen|turkmène; tl tgl Tagalog; tn tsn Tswana;
to ton Tongan|tongien; tr tur Turkish|turc; ts tso Tsonga; tt tat Tatar; tw twi Twi; ty tah Tahitian|tahitien;
ug uig Uyghur|ouïghour; uk ukr Ukrainian|ukrainien; ur urd Urdu|ourdou; uz uzb Uzbek|ouzbek; ve ven Venda;
vi vie Vietnamese|vietnamien; vo vol Volapük; wa wln Walloon|wallon; wo wol Wolof; xh xho Xhosa; yi yid Yiddish;
yo yor Yoruba; za zha Zhuang; zh zho,chi Chinese|chinois|中文; zu zul Zulu|zoulou
"""

OTHERS = """
ace ach ada ady aeb afh agq ain akk akz ale aln alt ang ann anp arc arn aro arp arq ars arw ary arz asa ase ast atj avk awa
bal ban bar bas bax bbc bbj bej bem bew bez bfd bfq bgc bgn bho bik bin bjn bkm bla blo blt bpy bqi bra brh brx bss bua bug
bum byn byv cad car cay cch ccp ceb cgg chb chg chk chm chn cho chp chr chy cic ckb clc cop cps crg crh crj crk crl crm crr
crs csb csw dak dar dav del den dgr din dje doi dsb dtp dua dum dyo dyu dzg ebu efi egl egy eka elx enm esu ewo ext fan fat
fil fit fon frc frm fro frp frr frs fur gaa gag gan gay gba gbz gez gil glk gmh goh gon gor got grb grc gsw guc gur guz gwi
hai hak haw hax hif hil hit hmn hnj hsb hsn hup hur iba ibb ikt ilo inh izh jam jbo jgo jmc jpr jrb jut kaa kab kac kaj kam
kaw kbd kbl kcg kde kea ken kfo kgp kha kho khq khw kiu kkj kln kmb koi kok kos kpe krc kri krj krl kru ksb ksf ksh kum kut
kwk kxv lad lag lah lam lez lfn lij lil liv lkt lmo lol lou loz lrc lsm ltg lua lui lun luo lus luy lzh lzz mad maf mag mai
mak man mas mde mdf mdr men mer mfe mga mgh mgo mic min mnc mni moe moh mos mrj mua mul mus mwl mwr mwv mye myv mzn nan nap
naq nds new nia niu njo nmg nnh nog non nov nqo nso nus nwc nym nyn nyo nzi ojb ojc ojs ojw oka osa ota pag pal pam pap pau
pcd pcm pdc pdt peo pfl phn pis pms pnt pon pqm prg pro quc qug raj rap rar rgn rhg rif rof rom rtm rue rug rup rwk sad sah
sam saq sas sat saz sba sbp scn sco sdc sdh see seh sei sel ses sga sgs shi shn shu sid slh sli sly sma smj smn sms snk sog
srn srr ssy stq str suk sus sux swb syc syr szl tce tcy tem teo ter tet tgx tht tig tiv tkl tkr tlh tli tly tmh tog tok tpi
tru trv trw tsd tsi ttm ttt tum tvl twq tyv tzm udm uga umb und vai vec vep vls vmf vmw vot vro vun wae wal war was wbp wuu
xal xmf xnr xog yao yap yav ybb yrl yue zap zbl zea zen zgh zun zxx zza
"""
