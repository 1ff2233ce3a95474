//! `PUT inventory`.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{body::JsonBody, caller::Caller, problem::Failure};
use crate::{
    actions::{
        put_inventory::{self as action, MAX_ITEMS},
        supplier_report::ReportError,
    },
    app::App,
};

/// How far a supplier's clock may be ahead of ours.
const MOST_AHEAD: TimeDelta = TimeDelta::minutes(1);

/// Stock by SKU. Offers that are not named stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
pub struct InventoryRequest {
    #[schema(min_items = 1, max_items = 1000)]
    items: Vec<InventoryItem>,
    /// When you counted, or read the figures from your system; now, if it is not given. What you accepted or shipped
    /// since then stays reserved beside them, and figures of a later time stay as they are. At most a minute ahead
    /// of our clock.
    as_of: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct InventoryItem {
    /// Your SKU, exactly as in your offers.
    #[schema(min_length = 1)]
    sku: String,
    /// What can be ordered now.
    #[schema(maximum = 2_147_483_647)]
    quantity: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InventoryTaken {
    /// SKUs that have another stock now.
    updated: usize,
    unchanged: usize,
    /// Items that could not be taken; the others were.
    errors: Vec<InventoryError>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InventoryError {
    sku: String,
    /// `UNKNOWN_SKU`: you have no such offer. `NEWER_IS_KNOWN`: its stock is known as of a later time than `as_of`.
    #[schema(example = "UNKNOWN_SKU")]
    code: &'static str,
}

/// Set stock
///
/// Up to 1000 SKUs at once.
#[utoipa::path(
    put, path = "/supplier/v1/inventory", tag = "Inventory",
    request_body = InventoryRequest,
    responses(
        (status = 200, description = "Taken, but for what `errors` names", body = InventoryTaken),
        (status = "4XX", body = super::problem::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn put_inventory(
    State(app): State<App>,
    caller: Caller,
    JsonBody(request): JsonBody<InventoryRequest>,
) -> Result<Json<InventoryTaken>, Failure> {
    let as_of = request.as_of(app.clock.now())?;
    let stock = request.checked()?;
    let taken = action::put_inventory(&app, caller.supplier.id, &stock, as_of).await?;
    let unknown = taken.unknown.into_iter().map(|sku| (sku, "UNKNOWN_SKU"));
    let older = taken.older.into_iter().map(|sku| (sku, "NEWER_IS_KNOWN"));
    let errors = unknown.chain(older).map(|(sku, code)| InventoryError { sku, code });
    Ok(Json(InventoryTaken {
        updated: taken.changed,
        unchanged: taken.unchanged,
        errors: errors.collect(),
    }))
}

impl InventoryRequest {
    fn as_of(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, ReportError> {
        match self.as_of {
            Some(as_of) if as_of > now + MOST_AHEAD => Err(ReportError::Invalid {
                field: "as_of".to_owned(),
                problem: format!(
                    "is in the future: here it is {}",
                    now.to_rfc3339_opts(SecondsFormat::Secs, true)
                ),
            }),
            as_of => Ok(as_of.map(|as_of| as_of.min(now))),
        }
    }

    fn checked(self) -> Result<BTreeMap<String, u32>, ReportError> {
        let invalid = |field: String, problem: &str| ReportError::Invalid {
            field,
            problem: problem.to_owned(),
        };
        if self.items.is_empty() || self.items.len() > MAX_ITEMS {
            return Err(invalid(
                "items".to_owned(),
                &format!("must hold 1 to {MAX_ITEMS} items"),
            ));
        }
        let mut stock = BTreeMap::new();
        for (index, item) in self.items.into_iter().enumerate() {
            let field = |name: &str| format!("items[{index}].{name}");
            if i32::try_from(item.quantity).is_err() {
                return Err(invalid(field("quantity"), "is too large"));
            }
            if item.sku.is_empty() {
                return Err(invalid(field("sku"), "must not be empty"));
            }
            if stock.insert(item.sku, item.quantity).is_some() {
                return Err(invalid(field("sku"), "is named twice"));
            }
        }
        Ok(stock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(items: &[(&str, u32)]) -> InventoryRequest {
        let items = items.iter().map(|(sku, quantity)| InventoryItem {
            sku: (*sku).to_owned(),
            quantity: *quantity,
        });
        InventoryRequest {
            items: items.collect(),
            as_of: None,
        }
    }

    #[test]
    fn a_time_ahead_of_our_clock_is_now_or_refused() {
        let now: DateTime<Utc> = "2026-11-23T10:00:00Z".parse().expect("a time");
        let at = |seconds: i64| InventoryRequest {
            as_of: Some(now + TimeDelta::seconds(seconds)),
            ..request(&[("A", 1)])
        };
        assert_eq!(request(&[("A", 1)]).as_of(now).expect("is taken"), None);
        assert_eq!(at(-90).as_of(now).expect("is taken"), at(-90).as_of);
        assert_eq!(at(60).as_of(now).expect("is taken"), Some(now));
        assert_eq!(at(61).as_of(now).expect_err("is refused").field(), Some("as_of"));
    }

    #[test]
    fn names_the_item_that_is_wrong() {
        let check = |items: &[(&str, u32)], field: &str| {
            let error = request(items).checked().expect_err(field);
            assert_eq!(error.field(), Some(field));
        };
        check(&[], "items");
        check(&[("A", 1), ("", 2)], "items[1].sku");
        check(&[("A", 1), ("B", 1), ("A", 2)], "items[2].sku");
        check(&[("A", 2_147_483_648)], "items[0].quantity");
        let many: Vec<(String, u32)> = (0..=MAX_ITEMS).map(|n| (n.to_string(), 1)).collect();
        let many: Vec<(&str, u32)> = many.iter().map(|(sku, n)| (sku.as_str(), *n)).collect();
        check(&many, "items");
        assert_eq!(
            request(&many[1..]).checked().map(|stock| stock.len()).ok(),
            Some(MAX_ITEMS)
        );
    }
}
