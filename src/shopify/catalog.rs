//! The shop's product variants, for mapping them to suppliers' offers.

use rust_decimal::{Decimal, RoundingStrategy, prelude::FromPrimitive as _, prelude::ToPrimitive as _};
use serde::{Deserialize, Serialize};

use super::{
    answer::Answer,
    client::{Access, AdminApi},
    error::ApiError,
    gid,
    operations::{VariantsByIds, VariantsPage, variants_by_ids, variants_page},
    reading::{Page, Reading, convert, next_page},
    scalars::{DateTime, ProductStatus, Unusable, WeightUnit},
};
use crate::ids::{ShopifyInventoryItemId, ShopifyProductId, ShopifyVariantId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    pub id: ShopifyVariantId,
    pub product: ShopifyProductId,
    pub product_title: String,
    pub product_status: ProductStatus,
    pub vendor: String,
    /// `Red / M`, or `Default Title` for a product without options.
    pub title: String,
    /// Product and variant title together.
    pub display_name: String,
    pub sku: Option<String>,
    pub barcode: Option<String>,
    pub inventory_item: ShopifyInventoryItemId,
    pub tracked: bool,
    pub requires_shipping: bool,
    pub weight_g: Option<u32>,
    pub updated_at: DateTime,
}

/// As many as one `nodes` call may ask for within its cost.
const IDS_PER_CALL: usize = 100;

impl AdminApi {
    /// One page of all variants, or of those changed at or after `since`. Pass
    /// `next` back until it is none.
    pub async fn variants(
        &self,
        access: &Access<'_>,
        since: Option<DateTime>,
        after: Option<String>,
    ) -> Result<Answer<Page<Variant>>, ApiError> {
        let variables = variants_page::Variables {
            query: since.map(|since| format!("updated_at:>='{}'", since.format("%Y-%m-%dT%H:%M:%SZ"))),
            after,
        };
        self.call::<VariantsPage>(access, variables)
            .await?
            .try_map(|mut data| -> Result<_, Unusable> {
                let next = next_page!(data.product_variants)?;
                Ok(Page {
                    items: convert(data.product_variants.nodes)?,
                    next,
                })
            })
    }

    /// The variants with these ids, without those that no longer exist.
    pub async fn variants_by_ids(
        &self,
        access: &Access<'_>,
        ids: &[ShopifyVariantId],
    ) -> Result<Answer<Vec<Variant>>, ApiError> {
        use variants_by_ids::VariantsByIdsNodes as Node;
        let mut reading = Reading::new(self, access);
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(IDS_PER_CALL) {
            let ids = chunk.iter().copied().map(gid::format).collect();
            let variables = variants_by_ids::Variables { ids };
            let nodes = reading.call::<VariantsByIds>(variables).await?.nodes;
            for node in nodes.into_iter().flatten() {
                if let Node::ProductVariant(wire) = node {
                    found.push(Variant::try_from(wire)?);
                }
            }
        }
        Ok(reading.finish(found))
    }
}

/// A weight in whole grams, rounded half up. Shopify has it as a float.
fn grams(value: f64, unit: &WeightUnit) -> Option<u32> {
    let (factor, scale) = match unit {
        WeightUnit::Grams => (1, 0),
        WeightUnit::Kilograms => (1000, 0),
        // Both are defined exactly.
        WeightUnit::Ounces => (28_349_523_125, 9),
        WeightUnit::Pounds => (45_359_237, 5),
        WeightUnit::Unknown(_) => return None,
    };
    Decimal::from_f64(value)?
        .checked_mul(Decimal::new(factor, scale))?
        .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
        .to_u32()
}

// The same fragment stands in two documents and becomes a type in each.
macro_rules! from_fragments {
    ($($module:ident),+) => {$(
        impl TryFrom<$module::VariantFields> for Variant {
            type Error = Unusable;
            fn try_from(wire: $module::VariantFields) -> Result<Self, Unusable> {
                let weight = wire.inventory_item.measurement.weight;
                Ok(Self {
                    id: gid::parse(&wire.id)?,
                    product: gid::parse(&wire.product.id)?,
                    product_title: wire.product.title,
                    product_status: wire.product.status,
                    vendor: wire.product.vendor,
                    title: wire.title,
                    display_name: wire.display_name,
                    sku: wire.sku.filter(|sku| !sku.is_empty()),
                    barcode: wire.barcode.filter(|barcode| !barcode.is_empty()),
                    inventory_item: gid::parse(&wire.inventory_item.id)?,
                    tracked: wire.inventory_item.tracked,
                    requires_shipping: wire.inventory_item.requires_shipping,
                    weight_g: weight.and_then(|weight| grams(weight.value, &weight.unit)),
                    updated_at: wire.updated_at,
                })
            }
        }
    )+};
}
from_fragments!(variants_page, variants_by_ids);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_whole_grams() {
        let check = |value: f64, unit: WeightUnit, expect: Option<u32>| {
            assert_eq!(grams(value, &unit), expect, "{value} {unit}");
        };
        check(350.0, WeightUnit::Grams, Some(350));
        check(0.35, WeightUnit::Kilograms, Some(350));
        check(1.0, WeightUnit::Pounds, Some(454));
        check(1.0, WeightUnit::Ounces, Some(28));
        check(0.0, WeightUnit::Pounds, Some(0));
        check(-1.0, WeightUnit::Grams, None);
        check(1e12, WeightUnit::Kilograms, None);
        check(f64::NAN, WeightUnit::Grams, None);
        check(1.0, WeightUnit::Unknown("STONES".to_owned()), None);
    }
}
