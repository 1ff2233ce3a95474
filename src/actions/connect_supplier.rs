//! Makes or changes a shop's agreement with a supplier.

use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::{revisit_orders::routing_changed, save_costs::lacks_rate};
use crate::{
    app::App,
    domain::{event::Actor, goods::Service},
    error::AppError,
    ids::{ConnectionId, ShopId, SupplierId},
    store::{self, Party, Tx, columns::Json, connections, shops, suppliers},
};

/// What to change; what is missing stays, or takes its default in a new agreement.
#[derive(Clone, Debug, Default)]
pub struct ConnectionChange {
    pub priority: Option<i32>,
    /// Decimal percent, such as 2.5
    pub price_tolerance_pct: Option<String>,
    pub handling_days: Option<i32>,
    /// Hours; 0 is no deadline.
    pub answer_hours: Option<i32>,
    pub cutoff_hour: CutoffChange,
    pub dangerous_goods: Option<bool>,
    pub checks_age: Option<bool>,
    pub active: Option<bool>,
}

/// What becomes of the hour after which orders count as the next day's.
#[derive(Clone, Copy, Debug, Default)]
pub enum CutoffChange {
    #[default]
    Stays,
    None,
    At(i32),
}

/// Connects the shop with a supplier that it may see.
pub async fn connect_supplier(
    app: &App,
    shop: ShopId,
    supplier: SupplierId,
    change: ConnectionChange,
    actor: &Actor,
) -> Result<suppliers::Model, AppError> {
    let tx = app.db.begin().await?;
    let found = suppliers::seen_by_ids(tx.conn(), Party::Shop(shop), &[supplier]).await?;
    let found = found.into_iter().next().ok_or(AppError::NotFound("this supplier"))?;
    let before = connections::of_supplier(tx.conn(), shop, supplier).await?;
    if write(app, &tx, shop, supplier, change).await? {
        if !before.is_some_and(|before| before.active) {
            check_rates(app, &tx, shop, &found, "active").await?;
        }
        let what = format!("The agreement with {} was changed", found.name);
        routing_changed(&tx, shop, &what, actor.to_string(), app.clock.now())?;
    }
    tx.commit().await?;
    Ok(found)
}

/// Refuses at a field what cost could not decide about: an active connection in a currency without a rate.
pub(super) async fn check_rates(
    app: &App,
    tx: &Tx,
    shop: ShopId,
    supplier: &suppliers::Model,
    field: &str,
) -> Result<(), AppError> {
    let owner = shops::by_id(tx.conn(), shop)
        .await?
        .ok_or(AppError::NotFound("this shop"))?;
    let row = connections::of_supplier(tx.conn(), shop, supplier.id).await?;
    let message = row.and_then(|row| lacks_rate(&owner, (supplier.clone(), row), app.clock.now()));
    message.map_or(Ok(()), |message| Err(AppError::invalid(field, message)))
}

/// Whether anything is otherwise than it was.
pub(super) async fn write(
    app: &App,
    tx: &Tx,
    shop: ShopId,
    supplier: SupplierId,
    change: ConnectionChange,
) -> Result<bool, AppError> {
    let before = connections::of_supplier(tx.conn(), shop, supplier).await?;
    let mut row = before.clone().unwrap_or_else(|| connections::Model {
        id: ConnectionId::generate(),
        shop_id: shop,
        supplier_id: supplier,
        priority: 1,
        price_tolerance_bp: 0,
        handling_days: 1,
        answer_hours: 0,
        service: Json(Service::default()),
        active: true,
        costs: None,
        on_time_bp: None,
        created_at: app.clock.now(),
    });
    apply(&mut row, &change)?;
    if before.as_ref() == Some(&row) {
        return Ok(false);
    }
    if before.is_none() {
        store::insert(tx, row)?;
    } else {
        store::save(tx, row)?;
    }
    Ok(true)
}

/// Makes the change in a row.
pub(super) fn apply(row: &mut connections::Model, change: &ConnectionChange) -> Result<(), AppError> {
    if let Some(priority) = change.priority {
        row.priority = within("priority", priority, 1_000_000)?;
    }
    if let Some(days) = change.handling_days {
        row.handling_days = within("handlingDays", days, 365)?;
    }
    if let Some(hours) = change.answer_hours {
        row.answer_hours = within("answerHours", hours, 8760)?;
    }
    let service = &mut row.service.0;
    match change.cutoff_hour {
        CutoffChange::Stays => {}
        CutoffChange::None => service.cutoff_hour = None,
        CutoffChange::At(hour) => service.cutoff_hour = Some(store::units(within("cutoffHour", hour, 23)?)),
    }
    service.dangerous_goods = change.dangerous_goods.unwrap_or(service.dangerous_goods);
    service.checks_age = change.checks_age.unwrap_or(service.checks_age);
    if let Some(percent) = &change.price_tolerance_pct {
        row.price_tolerance_bp = basis_points(percent)?;
    }
    row.active = change.active.unwrap_or(row.active);
    Ok(())
}

fn within(field: &str, value: i32, most: i32) -> Result<i32, AppError> {
    if (0..=most).contains(&value) {
        return Ok(value);
    }
    Err(AppError::invalid(field, format!("this must be between 0 and {most}")))
}

fn basis_points(percent: &str) -> Result<i32, AppError> {
    let hundredths = Decimal::from_str_exact(percent.trim())
        .ok()
        .and_then(|percent| percent.checked_mul(Decimal::ONE_HUNDRED))
        .map(|hundredths| hundredths.normalize());
    hundredths
        .filter(|hundredths| hundredths.scale() == 0)
        .and_then(|hundredths| hundredths.to_i32())
        .filter(|hundredths| (0..=100_000).contains(hundredths))
        .ok_or_else(|| {
            AppError::invalid(
                "priceTolerancePct",
                "this must be a percentage from 0 to 1000 with at most two decimals, such as 2.5",
            )
        })
}

/// Hundredths of a percent as people write them: 2.5
#[must_use]
pub fn percent(basis_points: i32) -> String {
    Decimal::new(i64::from(basis_points), 2).normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_percentages_as_it_writes_them() {
        for (text, expect) in [("2", 200), ("2.5", 250), ("0", 0), ("0.01", 1), ("1000", 100_000)] {
            assert_eq!(basis_points(text).ok(), Some(expect), "{text}");
            assert_eq!(percent(expect), text);
        }
        for text in ["", "-1", "1000.01", "0.001", "2%", "1e2"] {
            assert!(basis_points(text).is_err(), "{text}");
        }
    }
}
