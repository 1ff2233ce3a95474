//! The keys of a setup file, as they are written.
//!
//! The doc comments here are what users read: they become the descriptions in the published JSON
//! Schema. A key that is left out leaves what is there alone; `check` turns the rest into meaning.

mod rule;

use std::fmt;

pub use rule::RuleEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq as _};
use serde_saphyr::FlowMap;

use crate::domain::costs::entries::{CostsEntry, PriceBreakEntry, RoutingEntry};

/// The form of file that this program reads and writes.
pub const VERSION: u32 = 1;

/// Suppliers, and what shops buy from them. `orderyard apply FILE` makes an installation so;
/// `orderyard export` writes the file for one.
///
/// What the file does not name is left as it is, unless `--prune` is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Orderyard setup")]
pub struct SetupFile {
    /// The form of this file.
    #[schemars(extend("const" = VERSION))]
    pub version: u32,
    /// Who ships.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppliers: Vec<SupplierEntry>,
    /// Shops that have installed the app.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shops: Vec<ShopEntry>,
}

/// A party that ships.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierEntry {
    /// A stable name: a–z, 0–9 and “-”, at most 40.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,39}$"))]
    pub key: String,
    /// The name that people read.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// The domain of the shop that this supplier is private to. Without it, every shop of the
    /// installation may connect. It cannot be changed later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub shop: Option<String>,
    /// How purchase orders reach the supplier.
    pub connector: ConnectorWord,
    /// The currency of the supplier's prices (ISO 4217). By default, that of the first offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = r"^[A-Z]{3}$"))]
    pub currency: Option<String>,
    /// When the stock of the offers below was counted, for those that do not say it themselves; see there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = r"^\d{4}-\d{2}-\d{2}T"))]
    pub counted_at: Option<String>,
    /// What the connector needs. `http` needs both keys, `portal` neither.
    #[serde(default, skip_serializing_if = "SettingsEntry::is_empty")]
    pub settings: SettingsEntry,
    /// What the supplier sells.
    #[serde(default, skip_serializing_if = "Vec::is_empty", serialize_with = "one_line_each")]
    pub offers: Vec<OfferEntry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ConnectorWord {
    /// The supplier works in the browser.
    Portal,
    /// Signed HTTP calls by the Standard Webhooks specification.
    Http,
}

/// What a connector needs to know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsEntry {
    /// Where `http` sends its calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", url)]
    pub endpoint: Option<String>,
    /// What `http` signs its calls with: `whsec_` and 24 to 64 bytes in base64. `(unchanged)`
    /// leaves the stored one, and is what `export` writes unless `--with-secrets` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub secret: Option<SecretText>,
}

impl SettingsEntry {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A secret as it stands in a file; it does not show in debug output.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(pub String);

impl SecretText {
    /// The text that stands for “leave the stored secret alone”.
    pub const UNCHANGED: &str = "(unchanged)";
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// Something that a supplier sells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferEntry {
    /// The supplier's own article number.
    #[schemars(length(min = 1, max = 100))]
    pub sku: String,
    #[schemars(length(min = 1, max = 200))]
    pub title: String,
    /// What one piece costs the shop, as a decimal such as "4.20".
    pub cost: String,
    /// By default, the supplier's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = r"^[A-Z]{3}$"))]
    pub currency: Option<String>,
    /// EAN, UPC or the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub barcode: Option<String>,
    /// Pieces on hand. Leave it out where the supplier reports stock through the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 0, max = 1_000_000_000))]
    pub stock: Option<u32>,
    /// When the stock was counted, such as 2026-12-01T08:00:00Z. Where that is later than what is known, what was
    /// accepted or shipped before reserves nothing any more, also if the number is the same. Where it is earlier,
    /// the stock that is known stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = r"^\d{4}-\d{2}-\d{2}T"))]
    pub counted_at: Option<String>,
    /// Weight of one piece, in grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 0, max = 1_000_000_000))]
    pub weight_g: Option<u32>,
    /// Dangerous goods, such as batteries: connections that may not ship them do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub dangerous_goods: Option<bool>,
    /// Years that the recipient must have: only connections that check it ship the offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 99))]
    pub minimum_age: Option<u32>,
    /// Length, width and height of one piece, in millimetres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<u32>", length(min = 3, max = 3), inner(range(min = 1, max = 100_000)))]
    pub size_mm: Option<[u32; 3]>,
    /// Countries it can be sent to (ISO 3166-1, two letters). Empty or left out means everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>", inner(regex(pattern = r"^[A-Z]{2}$")))]
    pub ships_to: Option<Vec<String>>,
    /// Prices for larger quantities, by rising quantity and falling price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<PriceBreakEntry>", length(max = 20))]
    pub price_breaks: Option<Vec<PriceBreakEntry>>,
    /// `false` withdraws it: no new order goes there.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub active: bool,
}

/// A shop that has installed the app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShopEntry {
    /// The shop's myshopify.com domain.
    pub domain: String,
    /// Route and place without a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub automation: Option<bool>,
    /// Have Shopify tell the customer when a parcel is on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub notify_customer: Option<bool>,
    /// Which component of a kit makes a kit count as fulfilled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "KitWord")]
    pub kit_fulfillment: Option<KitWord>,
    /// Ship orders with payment terms before they are paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub ship_on_payment_terms: Option<bool>,
    /// Minutes in which a purchase order can be undone before it is sent; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 0, max = 1440))]
    pub undo_minutes: Option<u32>,
    /// What waits for a person before it is sent. It replaces whatever did before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ReviewEntry")]
    pub review: Option<ReviewEntry>,
    /// The locations whose orders Orderyard routes: `all`, or a list of names or ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LocationsEntry")]
    pub locations: Option<LocationsEntry>,
    /// The shop's own routing rules, in their order; at most 100. The list replaces all
    /// rules that there were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<RuleEntry>", length(max = 100))]
    pub rules: Option<Vec<RuleEntry>>,
    /// How orders are routed. It replaces all of what was said here before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "RoutingEntry")]
    pub routing: Option<RoutingEntry>,
    /// The suppliers that this shop buys from.
    #[serde(default, skip_serializing_if = "Vec::is_empty", serialize_with = "one_line_each")]
    pub connections: Vec<ConnectionEntry>,
    /// What each product is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mappings: Vec<MappingEntry>,
}

/// Purchase orders that a person looks at before they are sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewEntry {
    /// To a supplier that has not taken one of the shop's yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub first_order: Option<bool>,
    /// For orders above this total, in the shop's currency, and for orders in another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub above: Option<String>,
    /// For orders that Shopify advises to look into, or to cancel. Each waits for its assessment, for up to an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub risk: Option<bool>,
    /// For orders with any of these tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>", length(max = 50))]
    pub tags: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum KitWord {
    /// The default: the customer is told once, with every parcel's number.
    LastComponent,
    FirstComponent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum LocationsEntry {
    Word(AllWord),
    Some(Vec<LocationEntry>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum AllWord {
    All,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum LocationEntry {
    /// Shopify's number for the location.
    Id(i64),
    /// Its name. Quote a name that looks like a number.
    Name(String),
}

/// A shop's agreement with a supplier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionEntry {
    /// The supplier's key.
    pub supplier: String,
    /// Lower goes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 1_000_000))]
    pub priority: Option<i32>,
    /// How far a price may rise above the accepted one, in percent, before a person is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64", range(min = 0, max = 1000))]
    pub price_tolerance_pct: Option<Percent>,
    /// Days from order to dispatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 0, max = 365))]
    pub handling_days: Option<u32>,
    /// Hours that a purchase order may stay unanswered before it is asked back and goes to
    /// somebody else. 0, the default, is for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 0, max = 8760))]
    pub answer_hours: Option<u32>,
    /// What is ordered from this hour on, in the shop's time zone, counts as the next day's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 0, max = 23))]
    pub cutoff_hour: Option<u32>,
    /// `false` where it may not ship dangerous goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub dangerous_goods: Option<bool>,
    /// `true` where it has the recipient's age checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub checks_age: Option<bool>,
    /// `false` pauses it: no new order goes there.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub active: bool,
    /// What it charges besides the goods. It replaces all of what was said here before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CostsEntry")]
    pub costs: Option<CostsEntry>,
}

/// A percentage, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent {
    pub basis_points: u32,
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.basis_points.is_multiple_of(100) {
            serializer.serialize_u32(self.basis_points / 100)
        } else {
            serializer.serialize_f64(f64::from(self.basis_points) / 100.0)
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = rust_decimal::Decimal::new(self.basis_points.into(), 2);
        write!(f, "{}", percent.normalize())
    }
}

impl Percent {
    /// Reads a decimal such as 2.5.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        use rust_decimal::{Decimal, prelude::ToPrimitive as _};
        Decimal::from_str_exact(text.trim())
            .ok()
            .and_then(|percent| percent.checked_mul(Decimal::ONE_HUNDRED))
            .map(|basis_points| basis_points.normalize())
            .filter(|basis_points| basis_points.scale() == 0)
            .and_then(|basis_points| basis_points.to_u32())
            .map(|basis_points| Self { basis_points })
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a percentage has at most two decimals"))
    }
}

/// What a product variant is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingEntry {
    /// The variant, by its SKU in the shop or by Shopify's id.
    pub variant: VariantEntry,
    /// Ways to supply it, the preferred one first.
    #[schemars(length(min = 1, max = 20))]
    pub alternatives: Vec<AlternativeEntry>,
}

/// A product variant of the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct VariantEntry {
    /// The SKU; it must belong to one variant of the shop only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1))]
    pub sku: Option<String>,
    /// Shopify's number for the variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i64")]
    pub id: Option<i64>,
}

/// One way to supply a variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlternativeEntry {
    /// What makes one piece of the variant. More than one component is a kit.
    #[serde(serialize_with = "one_line_each")]
    #[schemars(length(min = 1, max = 20))]
    pub components: Vec<ComponentEntry>,
    /// The first day that it counts, such as 2026-12-01, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub from: Option<String>,
    /// The last day that it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub until: Option<String>,
}

/// An offer, and how many of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentEntry {
    /// The supplier's key.
    pub supplier: String,
    /// The supplier's article number.
    pub sku: String,
    /// Pieces for one piece of the variant; 1 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 1000))]
    pub quantity: Option<u32>,
    /// The cost per piece that the shop has accepted, in the offer's currency. By default, what
    /// the offer cost when the mapping was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub accepted_cost: Option<String>,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_yes(active: &bool) -> bool {
    *active
}

/// Writes each item of a list on a line of its own.
fn one_line_each<T: Serialize, S: Serializer>(items: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(items.len()))?;
    for item in items {
        list.serialize_element(&FlowMap(item))?;
    }
    list.end()
}

/// The published JSON Schema.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(SetupFile).to_value()
}
