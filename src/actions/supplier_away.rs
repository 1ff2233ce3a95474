//! Tells people of purchase orders that wait for a supplier who cannot be reached for longer than the
//! schedule of tries lasts: behind a circuit breaker no job comes to its last try. The job goes on waiting,
//! and what people were told is over when it gets through (`chase_silence::hear`).

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::{
    cancel_purchase_order::CancelPurchaseOrder,
    open_exception::{NewException, open_exception},
    place_purchase_order::{PlacePurchaseOrder, intent_key},
    route_order::follow_status,
};
use crate::{
    domain::{exception::ExceptionKind, intent::IntentOutcome, purchase_order::PurchaseOrderStatus},
    ids::{PurchaseOrderId, ShopId},
    queue::Job as _,
    store::{self, Tx, exceptions, jobs, order_state::OpenOrder, po_lines, purchase_orders},
};

/// Opens an exception on the order of a job that places a purchase order or asks it back, unless one is
/// open. Takes the order's lock: the job's row is to be locked after it.
pub async fn tell(tx: &Tx, job: &jobs::Model, why: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
    let Some((shop, id)) = purchase_order_of(job) else {
        return Ok(());
    };
    let Some(found) = purchase_orders::by_id(tx.conn(), shop, id).await? else {
        return Ok(());
    };
    let Some(open) = OpenOrder::lock(tx, shop, found.order_id).await? else {
        return Ok(());
    };
    let is_live = |po: &&purchase_orders::Model| po.id == id && po.status.is_live();
    let Some(po) = open.state.purchase_orders.iter().find(is_live) else {
        return Ok(());
    };
    let lines = open.state.po_lines.iter().filter(|line| line.purchase_order_id == id);
    let (kind, message) = if job.name == PlacePurchaseOrder::NAME {
        (ExceptionKind::SupplierSilent, unsent(tx, po, why).await?)
    } else if is_whole(lines) {
        (ExceptionKind::SupplierSilent, not_asked_back(po, why))
    } else {
        // That they ship nothing of it is more than can be said of a part.
        let message = format!(
            "A part of {} is to be cancelled, and they are not asked yet: {why}",
            po.number
        );
        (ExceptionKind::CancelRefused, message)
    };
    let told = |row: &exceptions::Model| row.purchase_order_id == Some(id) && row.kind == kind;
    if open.state.open_exceptions.iter().any(told) {
        return Ok(());
    }
    let new = NewException {
        kind,
        shop,
        order: po.order_id,
        order_line: None,
        purchase_order: Some(id),
        shipment: None,
        quantity: None,
        message,
        evidence: Some(json!({ "job": job.name, "error": why })),
    };
    open_exception(tx, new, now).await?;
    follow_status(tx, &open.shop, po.order_id).await
}

fn purchase_order_of(job: &jobs::Model) -> Option<(ShopId, PurchaseOrderId)> {
    match job.name.as_str() {
        PlacePurchaseOrder::NAME => {
            let job: PlacePurchaseOrder = serde_json::from_str(&job.payload).ok()?;
            Some((job.shop_id, job.purchase_order_id))
        }
        CancelPurchaseOrder::NAME => {
            let job: CancelPurchaseOrder = serde_json::from_str(&job.payload).ok()?;
            Some((job.shop_id, job.purchase_order_id))
        }
        _ => None,
    }
}

async fn unsent(tx: &Tx, po: &purchase_orders::Model, why: &str) -> Result<String, DbErr> {
    let intent = store::intents::by_key(tx.conn(), &intent_key(po.id)).await?;
    let may_be_there = intent.is_some_and(|intent| intent.outcome == IntentOutcome::Unknown);
    let ask = if may_be_there {
        ". An earlier call may have reached them: ask them first"
    } else {
        ""
    };
    Ok(format!(
        "{} waits to be sent, and is when they can be reached: {why}. If they shall not ship it, say so, and it \
         goes to another supplier{ask}",
        po.number
    ))
}

fn not_asked_back(po: &purchase_orders::Model, why: &str) -> String {
    format!(
        "{} is to be cancelled, and they are asked when they can be reached: {why}. If you know that they do not \
         ship it, say so",
        po.number
    )
}

/// Whether all of it is asked back, and nothing of it has left.
fn is_whole<'a>(mut lines: impl Iterator<Item = &'a po_lines::Model>) -> bool {
    lines.all(|line| line.shipped == 0 && line.progress().open() == store::units(line.cancel_requested))
}

/// Whether a purchase order still waits to be sent or to be asked back.
pub(super) fn waits(po: &purchase_orders::Model, lines: &[po_lines::Model]) -> bool {
    let mut lines = lines.iter().filter(|line| line.purchase_order_id == po.id);
    let is_unsent = matches!(po.status, PurchaseOrderStatus::Draft | PurchaseOrderStatus::Placing);
    po.status.is_live() && (is_unsent || lines.any(|line| line.cancel_requested > 0))
}
