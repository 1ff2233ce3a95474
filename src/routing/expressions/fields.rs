//! What a condition may ask about: the one list, for the parser, the evaluation and
//! whoever offers the fields to people.

/// What a rule decides about, and so how much it can know. Each knows what the ones
/// before it know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Order,
    Line,
    /// A supplier's offer for a line.
    Candidate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Condition,
    Text,
    Number,
    /// Of text.
    List,
}

impl Type {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Condition => "a condition",
            Self::Text => "text",
            Self::Number => "a number",
            Self::List => "a list",
        }
    }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident = $name:literal, $scope:ident, $type:ident, $label:literal;)+) => {
        /// A fact about an order, one of its lines, or who could ship it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Field { $($(#[$doc])* $field,)+ }

        /// Every field, by the name that conditions use.
        pub const FIELDS: &[(&str, Field)] = &[$(($name, Field::$field),)+];

        impl Field {
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$field => $name,)+ }
            }

            /// What it is, for people.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$field => $label,)+ }
            }

            #[must_use]
            pub const fn scope(self) -> Scope {
                match self { $(Self::$field => Scope::$scope,)+ }
            }

            #[must_use]
            pub const fn ty(self) -> Type {
                match self { $(Self::$field => Type::$type,)+ }
            }
        }
    };
}

fields! {
    /// ISO 3166, two letters.
    Country = "order.country", Order, Text, "Country of delivery";
    Province = "order.province", Order, Text, "Region of delivery";
    Postcode = "order.postcode", Order, Text, "Postcode of delivery";
    /// In the shop's currency.
    Total = "order.total", Order, Number, "Order value";
    Tags = "order.tags", Order, List, "Tags of the order";
    /// Known where the shop granted the scope `read_customers`.
    CustomerTags = "order.customer_tags", Order, List, "Tags of the customer";
    /// Shopify's name of the sales channel: `web`, `pos` …
    Channel = "order.channel", Order, Text, "Sales channel";
    /// Shopify's word for the payment: `PAID`, `PARTIALLY_REFUNDED` …
    Payment = "order.payment", Order, Text, "Payment";
    /// Shopify's recommendation: `ACCEPT`, `INVESTIGATE`, `CANCEL` or `NONE`.
    Risk = "order.risk", Order, Text, "Shopify's advice on fraud";
    /// The hour of routing in the shop's time zone, 0 to 23.
    Hour = "order.hour", Order, Number, "Hour of routing (0 to 23)";
    /// `monday` … `sunday`.
    Weekday = "order.weekday", Order, Text, "Weekday of routing";
    /// Days of the shop's calendar until Shopify wants the order dispatched; below zero once it is late.
    PromisedIn = "order.promised_in_days", Order, Number, "Days until the promised dispatch";
    LineSku = "line.sku", Line, Text, "SKU of the line";
    LineTitle = "line.title", Line, Text, "Title of the line";
    /// Of the line's product; empty for custom lines.
    ProductTags = "line.product_tags", Line, List, "Tags of the product";
    /// Units that await routing.
    LineUnits = "line.units", Line, Number, "Units of the line";
    SupplierKey = "supplier.key", Candidate, Text, "Supplier, by its key";
    HandlingDays = "supplier.handling_days", Candidate, Number, "Supplier's handling days";
    OfferSku = "offer.sku", Candidate, Text, "Supplier's SKU";
    OfferTitle = "offer.title", Candidate, Text, "Supplier's title";
    /// Of one piece.
    OfferWeight = "offer.weight_g", Candidate, Number, "Weight of one piece (g)";
    OfferStock = "offer.stock", Candidate, Number, "Pieces in stock";
    /// Of all pieces that the line would need from the offer.
    PartWeight = "offer.line_weight_g", Candidate, Number, "Weight of the whole line (g)";
}

impl Field {
    /// Every value there is; empty where it can be anything.
    #[must_use]
    pub const fn values(self) -> &'static [&'static str] {
        match self {
            Self::Payment => &[
                "PAID",
                "PARTIALLY_REFUNDED",
                "PENDING",
                "AUTHORIZED",
                "PARTIALLY_PAID",
                "EXPIRED",
                "REFUNDED",
                "VOIDED",
            ],
            Self::Risk => &["ACCEPT", "INVESTIGATE", "CANCEL", "NONE"],
            Self::Weekday => &[
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
                "sunday",
            ],
            _ => &[],
        }
    }
}
