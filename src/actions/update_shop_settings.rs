//! Changes what a shop's owner chose, and looks again at the orders that it concerns.

use sea_orm::DbErr;

use super::{
    replan_orders::ReplanOrders,
    revisit_orders::{RevisitOrders, Why},
};
use crate::{
    app::App,
    domain::{
        review::ReviewHolds,
        shop::{KitFulfillment, MOST_UNDO_MINUTES, SelectedLocations, ShopSettings},
    },
    error::AppError,
    ids::{ShopId, ShopifyLocationId},
    queue::{When, enqueue},
    store::{self, Tx, locations, shops},
};

/// What to change; what is missing stays.
#[derive(Clone, Debug, Default)]
pub struct SettingsChange {
    pub automation: Option<bool>,
    pub notify_customer: Option<bool>,
    pub kit_fulfillment: Option<KitFulfillment>,
    /// Work on every location; `locations` is then ignored.
    pub all_locations: Option<bool>,
    pub locations: Option<Vec<ShopifyLocationId>>,
    pub undo_minutes: Option<i32>,
    pub review: Option<ReviewHolds>,
}

pub async fn update_shop_settings(app: &App, shop: ShopId, change: SettingsChange) -> Result<shops::Model, AppError> {
    let now_ms = app.clock.now_ms();
    let tx = app.db.begin().await?;
    let mut row = shops::lock(&tx, shop).await?.ok_or(AppError::NotFound("this shop"))?;
    let before = row.settings.0.clone();
    let settings = &mut row.settings.0;
    settings.automation = change.automation.unwrap_or(settings.automation);
    settings.notify_customer = change.notify_customer.unwrap_or(settings.notify_customer);
    settings.kit_fulfillment = change.kit_fulfillment.unwrap_or(settings.kit_fulfillment);
    if let Some(minutes) = change.undo_minutes {
        let minutes = u32::try_from(minutes)
            .ok()
            .filter(|minutes| *minutes <= MOST_UNDO_MINUTES);
        let wrong = || AppError::invalid("undoMinutes", "this must be 0 to 1440 minutes");
        settings.undo_minutes = minutes.ok_or_else(wrong)?;
    }
    if let Some(review) = change.review {
        if let Some((field, problem)) = review.problem(Some(row.currency)) {
            return Err(AppError::invalid(format!("review.{field}"), problem));
        }
        settings.review = review;
    }
    match (change.all_locations, change.locations) {
        (Some(true), _) => settings.locations = SelectedLocations::All,
        (_, Some(ids)) => {
            let known = locations::of_shop(tx.conn(), shop).await?;
            if ids.iter().any(|id| known.iter().all(|location| location.id != *id)) {
                return Err(AppError::invalid("locationIds", "the shop has no such location"));
            }
            settings.locations = SelectedLocations::Only(ids);
        }
        (Some(false), None) if settings.locations == SelectedLocations::All => {
            return Err(AppError::invalid("locationIds", "name the locations to work on"));
        }
        (_, None) => {}
    }
    let after = settings.clone();
    store::save(&tx, row.clone())?;
    revisit(&tx, shop, &before, &after, now_ms)?;
    tx.commit().await?;
    Ok(row)
}

/// Has the orders looked at again that other settings concern.
pub(super) fn revisit(
    tx: &Tx,
    shop: ShopId,
    before: &ShopSettings,
    after: &ShopSettings,
    now_ms: i64,
) -> Result<(), DbErr> {
    let mut whys = Vec::new();
    if after.locations != before.locations {
        whys.push(Why::LocationsChanged);
    } else if after.automation && !before.automation {
        whys.push(Why::AutomationOn);
        // What stock, hours, rules and mappings would have helped meanwhile was left alone.
        whys.push(Why::MissedWhileOff { until: None });
        enqueue(tx, &ReplanOrders::new(shop), When::now(now_ms))?;
    }
    if after.review.risk != before.review.risk {
        whys.push(Why::RiskReviewed);
    }
    if after.kit_fulfillment != before.kit_fulfillment {
        whys.push(Why::KitFulfillmentChanged);
    }
    for why in whys {
        enqueue(tx, &RevisitOrders::new(shop, why), When::now(now_ms))?;
    }
    Ok(())
}
