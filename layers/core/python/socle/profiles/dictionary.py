"""Preset dictionaries for the compressed items (RFC 1951 with a preset window, as in RFC 1950 section 2.2).

A dictionary never changes once items were written with it: a better one gets the next number, and readers keep all.
The most common strings stand last, where references to them are shortest.
"""

from __future__ import annotations

_V1 = (
    # ecommerce v2, e-mail and mobile events of the Segment specification
    b'"Products Searched""Product List Viewed""Product List Filtered""Promotion Viewed""Promotion Clicked""Product Clicked"'
    b'"Product Removed""Checkout Step Viewed""Checkout Step Completed""Payment Info Entered""Order Updated""Order Cancelled"'
    b'"Coupon Entered""Coupon Applied""Coupon Denied""Coupon Removed""Product Added to Wishlist""Product Removed from Wishlist"'
    b'"Wishlist Product Added to Cart""Product Shared""Cart Shared""Product Reviewed""Application Installed"'
    b'"Application Opened""Application Backgrounded""Application Updated""Email Delivered""Email Opened""Email Link Clicked"'
    b'"Email Bounced""Email Marked as Spam""Unsubscribed""Signed Up""Signed In""Signed Out""Account Created"'
    b'"Survey Answered""Ticket Created""Consent Updated""Order Refunded""Order Completed""Checkout Started""Cart Viewed"'
    b'"Product Added""Product Viewed"'
    # properties and traits
    b'"channel":"push","channel":"sms","channel":"email","topic":"newsletter","state":"unsubscribed","state":"subscribed",'
    b'"source":"preference_center","text_version":"'
    b'"brand":"","variant":"","coupon":"","position":1,"image_url":"https://www.","affiliation":"","shipping":0,"tax":0,'
    b'"discount":0,"subtotal":,"checkout_id":"","list_id":"","query":"","rating":,"revenue":,"value":,"total":,'
    b'"currency":"GBP","currency":"USD","currency":"EUR","order_id":"","cart_id":"","products":[{"product_id":"","sku":"",'
    b'"name":"","category":"","price":,"quantity":1,"url":"https://www."}]'
    b'"address":{"street":"","city":"","postalCode":"","state":"","country":"FR"},"birthday":"19","gender":"female",'
    b'"company":{"name":"","id":""},"title":"","username":"","website":"","createdAt":"20","age":,"avatar":"https://",'
    b'"description":"","industry":"","employees":,"plan":"free","plan":"premium","phone":"+1555","phone":"+33",'
    b'"email":"@example.com","@gmail.com","firstName":"","lastName":"","name":"'
    # context of the SDKs
    b'"timezone":"America/New_York","timezone":"Europe/London","timezone":"Europe/Paris","locale":"en-GB","locale":"fr-FR",'
    b'"locale":"en-US","network":{"bluetooth":false,"carrier":"","cellular":false,"wifi":true},'
    b'"screen":{"density":2,"height":,"width":},"os":{"name":"Android","version":"1"},"os":{"name":"iOS","version":"1"},'
    b'"device":{"id":"","advertisingId":"","adTrackingEnabled":true,"manufacturer":"Apple","model":"iPhone","name":"",'
    b'"type":"ios","token":""},"app":{"name":"","version":"1.0","build":"","namespace":"com."},"ip":"'
    b'"userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Firefox/'
    b'"userAgent":"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) '
    b'Version/17.0 Mobile/15E148 Safari/604.1","userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) '
    b'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36","userAgent":"Mozilla/5.0 (Windows NT 10.0; '
    b'Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"'
    b'"campaign":{"name":"","source":"google","medium":"cpc","term":"","content":"","referrer":"https://www.google.com/",'
    b'"landing":"https://www.","click_ids":{"gclid":""},"page":{"path":"/","referrer":"","search":"","title":"",'
    b'"url":"https://www.example.com/'
    b'"library":{"name":"analytics-ruby","version":""},"library":{"name":"analytics-php"},"library":{"name":"analytics-ios"}'
    b'"library":{"name":"@segment/analytics-node","version":"'
    b'"library":{"name":"analytics-python","version":"2.'
    b'"library":{"name":"analytics.js","version":"next-1.'
    # the forms of socle.profiles.codec: header first, then rows
    b'{"n":,"s":[[0,0]],"t":[[1,{"email":"","firstName":"","lastName":"","name":"","phone":"+","plan":""}]],'
    b'"c":[[{"user_agent":"","device":{},"os":{},"app":{},"locale":"","timezone":"","last_touch":{"source":"","medium":"",'
    b'"campaign":""}]],"f":[],"g":[["email","newsletter",{"state":"subscribed","received":17,"source":""}]],'
    b'"e":{"$identify":1,"$page":1,"$screen":1,"Product Viewed":1,"Product Added":1,"Order Completed":1},"o":{"EUR":[1,'
    b'"i":{"user_id":[""],"anonymous_id":[""],"email":["@example.com"],"phone":["+"]},"k":["'
    b'[0,0,"","track","",[["user_id",""],["anonymous_id",""],["email",""]],{"integrations":{"All":true},"properties":{},'
    b'"context":{"library":{"name":"analytics.js","version":""},"page":{"path":"/"}},"type":"identify","$identify","traits":{'
    b'"screen","$screen","page","$page","track","Product Viewed",[["anonymous_id","'
)

DICTIONARIES = {1: _V1}
LATEST = 1
