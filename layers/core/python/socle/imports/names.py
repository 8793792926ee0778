"""What columns are called, in English and French -> what they mean. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping as ReadOnly

_ROLES = {
    "user_id": "customerid customernumber customerno userid clientid custid idclient numclient noclient codeclient "
               "customer client user utilisateur",
    "email": "email mail emailaddress courriel adressemail adresseemail requesteremail customeremail contactemail",
    "phone": "phone phonenumber telephone tel mobile mobilephone portable cellphone notelephone",
    "crm_id": "contactid leadid crmid idcontact recordid",
    "loyalty_id": "loyaltyid cardnumber loyaltycard membershipnumber memberid nocarte cartefidelite nocartefidelite",
    "anonymous_id": "anonymousid visitorid deviceid cookieid",
    "order_id": "orderid ordernumber orderno order invoiceno invoiceid invoicenumber invoice numcommande nocommande commande "
                "idcommande facture numfacture nofacture transactionid receiptid",
    "price": "unitprice price itemprice prix prixunitaire puht puttc",
    "quantity": "quantity qty quantite qte units",
    "total": "total amount ordertotal totalamount revenue montant montanttotal montantttc totalttc totalprice ca",
    "currency": "currency devise currencycode",
    "sku": "sku stockcode productid productcode itemid reference ref ean gtin article codearticle idproduit",
    "product": "description productname product designation libelle produit itemname",
    "timestamp": "timestamp date datetime createdat created orderdate invoicedate datecommande datefacture time occurredat "
                 "eventtime submittedat horodatage datecreation purchasedate",
    "event": "event eventname action evenement eventtype",
    "id": "eventid messageid ticketid responseid rowid uuid id",
    "account": "accountid companyid siret siren organizationid groupid idsociete",
    "store": "storeid shopid magasinid idmagasin codemagasin",
    "name": "name nom title titre libelle productname",
    "status": "status statut state etat orderstatus",
}
_TRAITS = {
    "firstName": "firstname prenom givenname forename", "lastName": "lastname nomdefamille surname familyname nom",
    "name": "name fullname nomcomplet", "email": "email mail emailaddress courriel adressemail adresseemail",
    "phone": "phone phonenumber telephone tel mobile mobilephone portable notelephone",
    "city": "city ville town commune", "country": "country pays countrycode", "street": "street address adresse rue address1",
    "postalCode": "postalcode zip zipcode postcode codepostal cp", "state": "state region province departement",
    "birthday": "birthday birthdate dateofbirth dob datenaissance", "gender": "gender sex sexe genre",
    "language": "language langue locale", "company": "company societe entreprise organization companyname raisonsociale",
    "title": "jobtitle title fonction poste civilite", "industry": "industry sector secteur", "website": "website siteweb domain",
    "employees": "employees headcount effectif effectifs", "revenue": "revenue chiffredaffaires ca",
}
ROLES: ReadOnly[str, tuple[str, ...]] = {role: tuple(names.split()) for role, names in _ROLES.items()}
_WORDS = {"n": "no", "numero": "no", "nr": "no", **dict.fromkeys(("de", "du", "des", "d", "la", "le", "l"), "")}
_BY_NAME: ReadOnly[str, str] = {name: trait for trait, names in reversed(_TRAITS.items()) for name in names.split()}


def folded(name: str) -> str:
    """Letters and digits alone, without case, accents and articles: `N° de téléphone` is `notelephone`."""
    words = re.findall(r"[a-z0-9]+", _plain(name.replace("°", " ")).casefold())
    return "".join(_WORDS.get(word, word) for word in words)


def trait(name: str) -> str:
    """The trait that a column is: by Segment's name where it has one, else its own in snake case."""
    known = _BY_NAME.get(folded(name))
    if known:
        return known
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", _plain(name))
    return re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_").lower()[:200] or name[:200]


def _plain(name: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
