"""The countries and territories of ISO 3166-1, and Kosovo (XK): both codes, the English and French name, what else people write.

One entry is `alpha-2 alpha-3 name|name…`, entries end with a semicolon. Names as in Unicode CLDR 48.
"""

TABLE = """
AD AND Andorra|Andorre; AE ARE United Arab Emirates|Émirats arabes unis|UAE; AF AFG Afghanistan;
AG ATG Antigua & Barbuda|Antigua-et-Barbuda; AI AIA Anguilla; AL ALB Albania|Albanie; AM ARM Armenia|Arménie; AO AGO Angola;
AQ ATA Antarctica|Antarctique; AR ARG Argentina|Argentine; AS ASM American Samoa|Samoa américaines;
AT AUT Austria|Autriche|Österreich; AU AUS Australia|Australie; AW ABW Aruba; AX ALA Åland Islands|Îles Åland;
AZ AZE Azerbaijan|Azerbaïdjan; BA BIH Bosnia & Herzegovina|Bosnie-Herzégovine|Bosnia; BB BRB Barbados|Barbade;
BD BGD Bangladesh; BE BEL Belgium|Belgique|België|Belgien; BF BFA Burkina Faso; BG BGR Bulgaria|Bulgarie;
BH BHR Bahrain|Bahreïn; BI BDI Burundi; BJ BEN Benin|Bénin; BL BLM St. Barthélemy|Saint-Barthélemy; BM BMU Bermuda|Bermudes;
BN BRN Brunei; BO BOL Bolivia|Bolivie|Bolivia, Plurinational State of;
BQ BES Caribbean Netherlands|Pays-Bas caribéens|Bonaire, Sint Eustatius and Saba; BR BRA Brazil|Brésil|Brasil;
BS BHS Bahamas; BT BTN Bhutan|Bhoutan; BV BVT Bouvet Island|Île Bouvet; BW BWA Botswana; BY BLR Belarus|Biélorussie|Belarus;
BZ BLZ Belize; CA CAN Canada; CC CCK Cocos (Keeling) Islands|Îles Cocos|Cocos Islands;
CD COD Congo - Kinshasa|Congo-Kinshasa|DR Congo|Democratic Republic of the Congo|République démocratique du Congo;
CF CAF Central African Republic|République centrafricaine;
CG COG Congo - Brazzaville|Congo-Brazzaville|Republic of the Congo|République du Congo|Congo;
CH CHE Switzerland|Suisse|Schweiz|Svizzera; CI CIV Côte d'Ivoire|Ivory Coast; CK COK Cook Islands|Îles Cook;
CL CHL Chile|Chili; CM CMR Cameroon|Cameroun; CN CHN China|Chine|People's Republic of China; CO COL Colombia|Colombie;
CR CRI Costa Rica; CU CUB Cuba; CV CPV Cape Verde|Cap-Vert|Cabo Verde; CW CUW Curaçao; CX CXR Christmas Island|Île Christmas;
CY CYP Cyprus|Chypre; CZ CZE Czechia|Tchéquie|Czech Republic|République tchèque;
DE DEU Germany|Allemagne|Deutschland|Germany, Federal Republic of; DJ DJI Djibouti; DK DNK Denmark|Danemark|Danmark;
DM DMA Dominica|Dominique; DO DOM Dominican Republic|République dominicaine; DZ DZA Algeria|Algérie; EC ECU Ecuador|Équateur;
EE EST Estonia|Estonie; EG EGY Egypt|Égypte; EH ESH Western Sahara|Sahara occidental; ER ERI Eritrea|Érythrée;
ES ESP Spain|Espagne|España; ET ETH Ethiopia|Éthiopie; FI FIN Finland|Finlande|Suomi; FJ FJI Fiji|Fidji;
FK FLK Falkland Islands|Îles Malouines|Falkland Islands (Malvinas);
FM FSM Micronesia|Micronésie|Micronesia, Federated States of; FO FRO Faroe Islands|Îles Féroé; FR FRA France; GA GAB Gabon;
GB GBR United Kingdom|Royaume-Uni|UK|Great Britain|Grande-Bretagne|England|Angleterre|Scotland|Écosse|
Wales|Pays de Galles|Northern Ireland|Irlande du Nord|United Kingdom of Great Britain and Northern Ireland;
GD GRD Grenada|Grenade; GE GEO Georgia|Géorgie; GF GUF French Guiana|Guyane française; GG GGY Guernsey|Guernesey;
GH GHA Ghana; GI GIB Gibraltar; GL GRL Greenland|Groenland; GM GMB Gambia|Gambie; GN GIN Guinea|Guinée; GP GLP Guadeloupe;
GQ GNQ Equatorial Guinea|Guinée équatoriale; GR GRC Greece|Grèce|EL|Hellas;
GS SGS South Georgia & South Sandwich Islands|Géorgie du Sud-et-les Îles Sandwich du Sud; GT GTM Guatemala; GU GUM Guam;
GW GNB Guinea-Bissau|Guinée-Bissau; GY GUY Guyana;
HK HKG Hong Kong SAR China|R.A.S. chinoise de Hong Kong|Hong Kong|Hongkong;
HM HMD Heard & McDonald Islands|Îles Heard-et-MacDonald; HN HND Honduras; HR HRV Croatia|Croatie; HT HTI Haiti|Haïti;
HU HUN Hungary|Hongrie; ID IDN Indonesia|Indonésie; IE IRL Ireland|Irlande; IL ISR Israel|Israël;
IM IMN Isle of Man|Île de Man; IN IND India|Inde;
IO IOT British Indian Ocean Territory|Territoire britannique de l'océan Indien; IQ IRQ Iraq|Irak;
IR IRN Iran|Iran, Islamic Republic of; IS ISL Iceland|Islande; IT ITA Italy|Italie|Italia; JE JEY Jersey;
JM JAM Jamaica|Jamaïque; JO JOR Jordan|Jordanie; JP JPN Japan|Japon; KE KEN Kenya; KG KGZ Kyrgyzstan|Kirghizstan;
KH KHM Cambodia|Cambodge; KI KIR Kiribati; KM COM Comoros|Comores; KN KNA St. Kitts & Nevis|Saint-Christophe-et-Niévès;
KP PRK North Korea|Corée du Nord|Korea, Democratic People's Republic of;
KR KOR South Korea|Corée du Sud|Korea|Corée|Republic of Korea|Korea, Republic of; KW KWT Kuwait|Koweït;
KY CYM Cayman Islands|Îles Caïmans; KZ KAZ Kazakhstan; LA LAO Laos|Lao People's Democratic Republic; LB LBN Lebanon|Liban;
LC LCA St. Lucia|Sainte-Lucie; LI LIE Liechtenstein; LK LKA Sri Lanka; LR LBR Liberia; LS LSO Lesotho;
LT LTU Lithuania|Lituanie; LU LUX Luxembourg; LV LVA Latvia|Lettonie; LY LBY Libya|Libye; MA MAR Morocco|Maroc;
MC MCO Monaco; MD MDA Moldova|Moldavie|Moldova, Republic of; ME MNE Montenegro|Monténégro; MF MAF St. Martin|Saint-Martin;
MG MDG Madagascar; MH MHL Marshall Islands|Îles Marshall; MK MKD North Macedonia|Macédoine du Nord|Macedonia|Macédoine;
ML MLI Mali; MM MMR Myanmar (Burma)|Myanmar (Birmanie)|Burma|Birmanie|Myanmar; MN MNG Mongolia|Mongolie;
MO MAC Macao SAR China|R.A.S. chinoise de Macao|Macao|Macau; MP MNP Northern Mariana Islands|Îles Mariannes du Nord;
MQ MTQ Martinique; MR MRT Mauritania|Mauritanie; MS MSR Montserrat; MT MLT Malta|Malte; MU MUS Mauritius|Maurice;
MV MDV Maldives; MW MWI Malawi; MX MEX Mexico|Mexique|México; MY MYS Malaysia|Malaisie; MZ MOZ Mozambique;
NA NAM Namibia|Namibie; NC NCL New Caledonia|Nouvelle-Calédonie; NE NER Niger; NF NFK Norfolk Island|Île Norfolk;
NG NGA Nigeria; NI NIC Nicaragua; NL NLD Netherlands|Pays-Bas|Nederland|Holland|Hollande|The Netherlands;
NO NOR Norway|Norvège|Norge; NP NPL Nepal|Népal; NR NRU Nauru; NU NIU Niue; NZ NZL New Zealand|Nouvelle-Zélande; OM OMN Oman;
PA PAN Panama; PE PER Peru|Pérou; PF PYF French Polynesia|Polynésie française;
PG PNG Papua New Guinea|Papouasie-Nouvelle-Guinée; PH PHL Philippines; PK PAK Pakistan; PL POL Poland|Pologne|Polska;
PM SPM St. Pierre & Miquelon|Saint-Pierre-et-Miquelon; PN PCN Pitcairn Islands|Îles Pitcairn; PR PRI Puerto Rico|Porto Rico;
PS PSE Palestinian Territories|Territoires palestiniens|Palestine|State of Palestine; PT PRT Portugal; PW PLW Palau|Palaos;
PY PRY Paraguay; QA QAT Qatar; RE REU Réunion|La Réunion; RO ROU Romania|Roumanie; RS SRB Serbia|Serbie;
RU RUS Russia|Russie|Russian Federation|Fédération de Russie; RW RWA Rwanda; SA SAU Saudi Arabia|Arabie saoudite;
SB SLB Solomon Islands|Îles Salomon; SC SYC Seychelles; SD SDN Sudan|Soudan; SE SWE Sweden|Suède|Sverige;
SG SGP Singapore|Singapour; SH SHN St. Helena|Sainte-Hélène; SI SVN Slovenia|Slovénie;
SJ SJM Svalbard & Jan Mayen|Svalbard et Jan Mayen; SK SVK Slovakia|Slovaquie; SL SLE Sierra Leone;
SM SMR San Marino|Saint-Marin; SN SEN Senegal|Sénégal; SO SOM Somalia|Somalie; SR SUR Suriname;
SS SSD South Sudan|Soudan du Sud; ST STP São Tomé & Príncipe|Sao Tomé-et-Principe|Sao Tome; SV SLV El Salvador|Salvador;
SX SXM Sint Maarten|Saint-Martin (partie néerlandaise); SY SYR Syria|Syrie|Syrian Arab Republic; SZ SWZ Eswatini|Swaziland;
TC TCA Turks & Caicos Islands|Îles Turques-et-Caïques; TD TCD Chad|Tchad;
TF ATF French Southern Territories|Terres australes françaises; TG TGO Togo; TH THA Thailand|Thaïlande;
TJ TJK Tajikistan|Tadjikistan; TK TKL Tokelau; TL TLS Timor-Leste|Timor oriental|East Timor;
TM TKM Turkmenistan|Turkménistan; TN TUN Tunisia|Tunisie; TO TON Tonga; TR TUR Türkiye|Turquie|Turkey;
TT TTO Trinidad & Tobago|Trinité-et-Tobago; TV TUV Tuvalu; TW TWN Taiwan|Taïwan|Taiwan, Province of China;
TZ TZA Tanzania|Tanzanie|Tanzania, United Republic of; UA UKR Ukraine; UG UGA Uganda|Ouganda;
UM UMI U.S. Outlying Islands|Îles mineures éloignées des États-Unis;
US USA United States|États-Unis|USA|U.S.A.|United States of America|America|États-Unis d'Amérique; UY URY Uruguay;
UZ UZB Uzbekistan|Ouzbékistan; VA VAT Vatican City|État de la Cité du Vatican|Holy See;
VC VCT St. Vincent & Grenadines|Saint-Vincent-et-les Grenadines; VE VEN Venezuela|Venezuela, Bolivarian Republic of;
VG VGB British Virgin Islands|Îles Vierges britanniques; VI VIR U.S. Virgin Islands|Îles Vierges des États-Unis;
VN VNM Vietnam|Viêt Nam|Viet Nam; VU VUT Vanuatu; WF WLF Wallis & Futuna|Wallis-et-Futuna; WS WSM Samoa;
XK XKX Kosovo|Kosova; YE YEM Yemen|Yémen; YT MYT Mayotte; ZA ZAF South Africa|Afrique du Sud; ZM ZMB Zambia|Zambie;
ZW ZWE Zimbabwe
"""
