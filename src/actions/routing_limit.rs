//! Stops the search for a supplier after several failed: then a person decides.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::open_exception::{NewException, open_exception};
use crate::{
    domain::exception::ExceptionKind,
    routing::{LineDemand, RouteRequest},
    store::{Tx, order_state::OrderState},
};

/// Suppliers that may fail a line before a person is asked. Others may be mapped still: but whoever
/// waits for the fourth answer waits for days.
pub const MOST_FAILURES: usize = 3;

/// Takes lines that too many suppliers failed out of a request.
pub fn take_out(request: &mut RouteRequest) -> Vec<LineDemand> {
    let is_over = |line: &LineDemand| line.forced_offer.is_none() && line.excluded.len() >= MOST_FAILURES;
    let (over, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut request.lines).into_iter().partition(is_over);
    request.lines = rest;
    request.facts.waiting.extend(over.iter().cloned());
    over
}

/// Why a line that was taken out is not tried with anybody else.
pub fn why(line: &LineDemand) -> String {
    let failed = line.excluded.len();
    format!("{failed} suppliers did not ship it, so no other one is tried without you")
}

/// Takes lines that too many suppliers failed out of a request, and asks a person about them. A
/// supplier that somebody chose by hand is not stopped.
pub async fn stop(tx: &Tx, state: &OrderState, request: &mut RouteRequest, now: DateTime<Utc>) -> Result<(), DbErr> {
    for line in take_out(request) {
        let waiting = state.waiting(line.line, ExceptionKind::SupplierRejected);
        let units = line.units + waiting;
        let new = NewException {
            kind: ExceptionKind::SupplierRejected,
            shop: state.order.shop_id,
            order: state.order.id,
            order_line: Some(line.line),
            purchase_order: None,
            shipment: None,
            quantity: Some(units),
            message: format!("{units} × {}: {}", line.title, why(&line)),
            evidence: None,
        };
        open_exception(tx, new, now).await?;
    }
    Ok(())
}
