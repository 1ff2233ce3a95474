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
    ($($(#[$doc:meta])* $field:ident = $name:literal, $scope:ident, $type:ident;)+) => {
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

            pub(super) const fn scope(self) -> Scope {
                match self { $(Self::$field => Scope::$scope,)+ }
            }

            pub(super) const fn ty(self) -> Type {
                match self { $(Self::$field => Type::$type,)+ }
            }
        }
    };
}

fields! {
    /// ISO 3166, two letters.
    Country = "order.country", Order, Text;
    Province = "order.province", Order, Text;
    Postcode = "order.postcode", Order, Text;
    /// In the shop's currency.
    Total = "order.total", Order, Number;
    Tags = "order.tags", Order, List;
    /// Shopify's name of the sales channel: `web`, `pos` …
    Channel = "order.channel", Order, Text;
    /// Shopify's word for the payment: `PAID`, `PARTIALLY_REFUNDED` …
    Payment = "order.payment", Order, Text;
    /// Shopify's recommendation: `ACCEPT`, `INVESTIGATE`, `CANCEL` or `NONE`.
    Risk = "order.risk", Order, Text;
    /// The hour of routing in the shop's time zone, 0 to 23.
    Hour = "order.hour", Order, Number;
    /// `monday` … `sunday`.
    Weekday = "order.weekday", Order, Text;
    LineSku = "line.sku", Line, Text;
    LineTitle = "line.title", Line, Text;
    /// Units that await routing.
    LineUnits = "line.units", Line, Number;
    SupplierKey = "supplier.key", Candidate, Text;
    HandlingDays = "supplier.handling_days", Candidate, Number;
    OfferSku = "offer.sku", Candidate, Text;
    OfferTitle = "offer.title", Candidate, Text;
    /// Of one piece.
    OfferWeight = "offer.weight_g", Candidate, Number;
    OfferStock = "offer.stock", Candidate, Number;
    /// Of all pieces that the line would need from the offer.
    PartWeight = "offer.line_weight_g", Candidate, Number;
}
