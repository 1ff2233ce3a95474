//! `orderCancel`, which answers with a job and cancels behind the answer.

use super::{Payload, Resolved, text};
use crate::{
    admin::node::{Args, Ctx, Node},
    state::{CancelJob, CancelRequest, JobState},
};

const CANCEL: Payload = Payload {
    ty: "OrderCancelPayload",
    error_ty: "OrderCancelUserError",
    error_field: "orderCancelUserErrors",
    fields: &["job", "jobResult"],
};

pub(super) fn cancel(ctx: &Ctx<'_>, args: &Args) -> Resolved {
    let order_id = ctx.id("Order", args.get("orderId"))?;
    let refund = args.get("refundMethod")["originalPaymentMethodsRefund"].as_bool();
    let refund = refund.or_else(|| args.get("refund").as_bool()).unwrap_or(false);
    let reason = text(args.get("reason")).unwrap_or_default();
    if let Err(mut refused) = ctx.read(|state| state.check_cancel(order_id)) {
        let known = ctx.read(|state| state.orders.contains_key(&order_id));
        for error in &mut refused.0 {
            error.code = Some(if known { "INVALID" } else { "NOT_FOUND" });
        }
        return Ok(CANCEL.refused(&refused));
    }
    let id = format!("gid://shopify/Job/{}", uuid::Uuid::new_v4());
    let job = CancelJob {
        order_id,
        request: CancelRequest { reason, refund },
        state: JobState::Started,
    };
    ctx.change(|state| state.start_cancel(id.clone(), job));
    ctx.started.borrow_mut().push(id.clone());
    Ok(CANCEL.done(vec![
        (
            "job",
            Some(Node::CancelJob {
                id: id.clone(),
                result: false,
            }),
        ),
        ("jobResult", Some(Node::CancelJob { id, result: true })),
    ]))
}
