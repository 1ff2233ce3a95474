//! Brings what people are asked to decide in line with what Shopify still wants from us: nobody is asked about units
//! that were refunded, edited away or fulfilled by somebody else.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use crate::{
    domain::{exception::ExceptionStatus, order::Gate},
    store::{self, Tx, exceptions, order_state::OrderState, shops},
};

/// Takes out of an order's open exceptions the units that are not wanted any more, of the newest first. False when
/// there are none, and nothing was written.
pub fn follow_demand(tx: &Tx, shop: &shops::Model, state: &OrderState, now: DateTime<Utc>) -> Result<bool, DbErr> {
    let settings = &shop.settings.0;
    // Its units are nowhere yet, and no less wanted for that.
    if state.gate(settings) == Gate::WaitForFulfillmentOrders {
        return Ok(false);
    }
    let mut changed = false;
    for (line, ledger) in state.ledgers(settings) {
        if ledger.shipped_unfulfilled > 0 {
            // Shopify may count a parcel as fulfilled whose answer is not here yet: its next news tell.
            continue;
        }
        let mut over = ledger.waits_in_vain();
        let about = |row: &&exceptions::Model| row.order_line_id == Some(line) && row.quantity.is_some();
        let mut open: Vec<&exceptions::Model> = state.open_exceptions.iter().filter(about).collect();
        open.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
        for row in open {
            let units = row.quantity.map_or(0, store::units);
            let taken = over.min(units);
            if taken == 0 {
                continue;
            }
            over -= taken;
            changed = true;
            let is_decided_anew = settings.automation && row.kind.is_of_routing();
            store::save(
                tx,
                if taken == units {
                    ended(row, "Shopify does not want these units from the shop any more", now)
                } else if is_decided_anew {
                    // Of fewer units routing may think otherwise.
                    ended(row, "fewer units are wanted: they are routed again", now)
                } else {
                    of_fewer(row, units, units - taken)
                },
            )?;
        }
    }
    Ok(changed)
}

fn ended(row: &exceptions::Model, how: &str, now: DateTime<Utc>) -> exceptions::Model {
    exceptions::Model {
        status: ExceptionStatus::Resolved,
        resolution: Some(how.to_owned()),
        resolved_at: Some(now),
        ..row.clone()
    }
}

/// The same about fewer units. Most messages begin with their number.
fn of_fewer(row: &exceptions::Model, before: u32, left: u32) -> exceptions::Model {
    let rest = row.message.strip_prefix(&format!("{before} × "));
    exceptions::Model {
        quantity: Some(store::column(left)),
        message: rest.map_or_else(|| row.message.clone(), |rest| format!("{left} × {rest}")),
        ..row.clone()
    }
}
