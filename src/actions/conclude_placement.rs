//! Writes what became of a call that placed a purchase order.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::{
    acknowledge_purchase_order::{Acknowledgement, apply as acknowledge},
    ask_back,
    open_exception::{NewException, open_exception},
    place_purchase_order::{Call, is_unheard},
    purchase_order_status::{move_to, release_allocations},
    route_order::follow_status,
    supplier_calls,
    supplier_report::{OpenReport, ReportError},
    take_care::take_care,
};
use crate::{
    app::App,
    connectors::{ConnectorError, ErrorClass, PlaceAnswer, ReadBack},
    domain::{
        event::{Actor, EventKind},
        exception::ExceptionKind,
        intent::IntentOutcome,
        purchase_order::PurchaseOrderStatus,
    },
    failpoint,
    queue::{Attempt, JobError, intents},
    store::{self, Tx, exceptions, order_state::OpenOrder, purchase_orders},
};

/// Settles the Intent and moves the purchase order; an error is the job's next try.
pub(super) async fn conclude(
    app: &App,
    call: Call,
    answer: Result<PlaceAnswer, ConnectorError>,
    attempt: Attempt,
) -> Result<(), JobError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let po_id = call.purchase_order.id;
    let Some(open) = OpenOrder::lock(&tx, call.shop.id, call.purchase_order.order_id).await? else {
        return Ok(());
    };
    let Some(po) = open.state.purchase_orders.iter().find(|po| po.id == po_id).cloned() else {
        return Ok(());
    };
    let patience = supplier_calls::note_call(app, &tx, &call.supplier, call.entry, &answer).await?;
    let conclusion = Conclusion {
        tx: &tx,
        call: &call,
        open: &open,
        po,
        now,
    };
    let is_proven = !matches!(
        conclusion.po.status,
        PurchaseOrderStatus::Placing | PurchaseOrderStatus::OutcomeUnknown
    );
    let again = match answer {
        // The supplier reported on it meanwhile, so it has it. What it said about the lines counts.
        Ok(answer) if is_proven => {
            conclusion.take_answer(answer).await?;
            if conclusion.po.status.is_live() {
                // The supplier may have been asked to cancel before it had this.
                ask_back::after_placing(&tx, &open.state.order, &conclusion.po, now).await?;
            }
            None
        }
        Err(error) if is_proven => {
            let lines = open
                .state
                .po_lines
                .iter()
                .filter(|line| line.purchase_order_id == po_id);
            let lines: Vec<_> = lines.cloned().collect();
            let again = || patience.unwrap_or_else(|| JobError::retry(error.message));
            is_unheard(&conclusion.po, &lines).then(again)
        }
        Err(_) if conclusion.po.status != PurchaseOrderStatus::Placing => None,
        Ok(answer) => conclusion.placed(answer).await?,
        Err(error) => conclusion.failed(app, error, patience, attempt).await?,
    };
    follow_status(&tx, &call.shop, call.purchase_order.order_id).await?;
    failpoint::hit("place.before_commit");
    tx.commit().await?;
    again.map_or(Ok(()), Err)
}

struct Conclusion<'a> {
    tx: &'a Tx,
    call: &'a Call,
    /// As it was when its lock was taken.
    open: &'a OpenOrder,
    po: purchase_orders::Model,
    now: DateTime<Utc>,
}

impl Conclusion<'_> {
    async fn placed(mut self, answer: PlaceAnswer) -> Result<Option<JobError>, DbErr> {
        let (tx, now) = (self.tx, self.now);
        let evidence = json!({ "answer": format!("{answer:?}").chars().take(500).collect::<String>() });
        intents::settle(tx, self.call.intent.id, IntentOutcome::Done, evidence, now);
        self.po.placed_at = Some(now);
        move_to(tx, &mut self.po, PurchaseOrderStatus::Placed, now).await?;
        let message = format!("{} was placed with {}", self.po.number, self.call.supplier.name);
        self.event(EventKind::Placed, message);
        if !self.open.state.open_exceptions.is_empty() {
            let how = "its answer came after all: it was placed";
            let kind = ExceptionKind::OutcomeUnknown;
            exceptions::settle_of_purchase_order(tx, self.po.shop_id, self.po.id, kind, how, now).await?;
        }
        self.take_answer(answer).await?;
        // Cancelled while the call was under way: it is followed by a cancellation.
        ask_back::after_placing(tx, &self.open.state.order, &self.po, now).await?;
        Ok(None)
    }

    /// Takes what the supplier said at once. The order stands with it whatever
    /// it said: what cannot be used is a line in the history.
    async fn take_answer(&self, answer: PlaceAnswer) -> Result<(), DbErr> {
        let number = &self.po.number;
        let remark = match answer {
            PlaceAnswer::Received { remark: None } => return Ok(()),
            PlaceAnswer::Received { remark: Some(remark) } => format!("{number}: {remark}"),
            PlaceAnswer::Acknowledged { reference, lines } => {
                let actor = Actor::Supplier(self.call.supplier.name.clone());
                let said = Acknowledgement { reference, lines };
                let taken = match OpenReport::of(self.open, self.po.id) {
                    Ok(mut report) => {
                        report.po = self.po.clone();
                        acknowledge(self.tx, &mut report, &said, &actor, self.now).await
                    }
                    Err(error) => Err(error),
                };
                match taken {
                    Ok(_) => return Ok(()),
                    Err(ReportError::Database(error)) => return Err(error),
                    Err(error) => format!("{number}: the supplier's answer cannot be used: {error}"),
                }
            }
        };
        self.event(EventKind::Placed, remark);
        Ok(())
    }

    /// Decides what a failed call means; an error given back is the job's next try. A supplier that asks for
    /// `patience` has refused nothing, however often it does.
    async fn failed(
        mut self,
        app: &App,
        error: ConnectorError,
        patience: Option<JobError>,
        attempt: Attempt,
    ) -> Result<Option<JobError>, DbErr> {
        let standing = store::intents::by_id(self.tx.conn(), self.call.intent.id).await?;
        if standing.is_none_or(|standing| standing.calls != self.call.intent.calls) {
            // The job was taken over, and another call for it may be under way or was made: that this one
            // was not taken says nothing of that.
            return Ok(Some(JobError::retry(error.message)));
        }
        let unknown = self.call.intent.outcome == IntentOutcome::Unknown
            || self.call.may_have_happened
            || error.class == ErrorClass::Unknown;
        let settles = app
            .connectors
            .of(self.call.supplier.connector)
            .capabilities()
            .settles_unknown;
        let evidence = json!({ "error": error.message, "calls": self.call.intent.calls });
        let is_last = attempt.is_last && patience.is_none();
        if unknown && (is_last || settles == ReadBack::CannotTell || error.class == ErrorClass::Never) {
            intents::settle(
                self.tx,
                self.call.intent.id,
                IntentOutcome::Unknown,
                evidence.clone(),
                self.now,
            );
            self.outcome_unknown(&error, evidence).await?;
            return Ok(None);
        }
        if error.class == ErrorClass::Never || is_last {
            intents::settle(
                self.tx,
                self.call.intent.id,
                IntentOutcome::Refused,
                evidence.clone(),
                self.now,
            );
            self.refused(&error, evidence).await?;
            return Ok(None);
        }
        let outcome = if unknown {
            IntentOutcome::Unknown
        } else {
            IntentOutcome::Pending
        };
        intents::settle(self.tx, self.call.intent.id, outcome, evidence, self.now);
        Ok(Some(patience.unwrap_or_else(|| JobError::retry(error.message))))
    }

    async fn outcome_unknown(&mut self, error: &ConnectorError, evidence: serde_json::Value) -> Result<(), DbErr> {
        move_to(self.tx, &mut self.po, PurchaseOrderStatus::OutcomeUnknown, self.now).await?;
        let message = format!(
            "{} may or may not stand with {}: {}. Ask them, then say which",
            self.po.number, self.call.supplier.name, error.message
        );
        self.exception(ExceptionKind::OutcomeUnknown, None, None, message, evidence)
            .await
    }

    async fn refused(&mut self, error: &ConnectorError, evidence: serde_json::Value) -> Result<(), DbErr> {
        move_to(self.tx, &mut self.po, PurchaseOrderStatus::Rejected, self.now).await?;
        let message = format!(
            "{} was not taken by {}: {}",
            self.po.number, self.call.supplier.name, error.message
        );
        self.event(EventKind::PlacementFailed, message.clone());
        let freed = release_allocations(self.tx, &self.po, self.now).await?;
        if self.po.asked_back_by_hand {
            return take_care(self.tx, &self.po, &freed).await;
        }
        for (line, units) in freed {
            self.exception(
                ExceptionKind::PlacementRefused,
                Some(line),
                Some(units),
                message.clone(),
                evidence.clone(),
            )
            .await?;
        }
        Ok(())
    }

    async fn exception(
        &self,
        kind: ExceptionKind,
        order_line: Option<crate::ids::OrderLineId>,
        quantity: Option<u32>,
        message: String,
        evidence: serde_json::Value,
    ) -> Result<(), DbErr> {
        let new = NewException {
            kind,
            shop: self.po.shop_id,
            order: self.po.order_id,
            order_line,
            purchase_order: Some(self.po.id),
            shipment: None,
            quantity,
            message,
            evidence: Some(evidence),
        };
        open_exception(self.tx, new, self.now).await
    }

    fn event(&self, kind: EventKind, message: String) {
        let (shop, order) = (self.po.shop_id, self.po.order_id);
        store::events::add(self.tx, shop, order, self.now, &Actor::Orderyard, kind, message);
    }
}
