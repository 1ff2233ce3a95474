//! A person decides what the program could not.
//!
//! Each decision closes the exception, writes who decided what into the
//! order's history, and enqueues what follows, all in one transaction under
//! the order's lock. What may be decided about which exception is `domain`'s.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::{
    adopt_tracking::adopt_tracking,
    ask_back,
    cancel_purchase_order::apply_cancellation_answer,
    gather_order, give_up_job,
    place_purchase_order::PlacePurchaseOrder,
    purchase_order_status::{move_to, release_allocations},
    push_fulfillment::PushFulfillment,
    review_holds,
    route_order::{Forced, RouteOrder, follow_status, route_chosen},
    save_mapping::{self, NewAlternative},
    settle_unclear::{self, Said, Settling, Shown},
    take_care::take_care,
    undo_purchase_order::undo_purchase_order,
    withdraw_units::{Asks, withdraw_purchase_order},
};
use crate::{
    app::App,
    domain::{
        event::{Actor, EventKind},
        exception::{ExceptionChoice, ExceptionKind, ExceptionStatus},
        intent::IntentOutcome,
        order::Ledger,
        purchase_order::PurchaseOrderStatus,
    },
    error::AppError,
    ids::{ExceptionId, OfferId, OrderLineId, ShopId, ShopifyVariantId},
    queue::{When, enqueue, intents, order_key},
    routing,
    store::{
        self, Tx, exceptions, jobs, mapping_components, mappings, order_state::OrderState, orders, po_lines,
        purchase_orders,
    },
};

/// What is decided.
#[derive(Clone, Debug)]
pub enum Resolution {
    Map(Vec<NewAlternative>),
    Retry,
    ChooseOffer(OfferId),
    AcceptPrice,
    ConfirmPlaced {
        supplier_reference: Option<String>,
    },
    ConfirmNotPlaced,
    /// Which fulfillment of Shopify's is the parcel's, or that none is.
    SettleFulfillment(Said),
    CancelPurchaseOrder,
    AdoptTracking,
    MarkHandled {
        note: String,
    },
    Release,
    Refuse {
        note: String,
    },
}

impl Resolution {
    const fn choice(&self) -> ExceptionChoice {
        match self {
            Self::Map(_) => ExceptionChoice::Map,
            Self::Retry => ExceptionChoice::Retry,
            Self::ChooseOffer(_) => ExceptionChoice::ChooseSupplier,
            Self::AcceptPrice => ExceptionChoice::AcceptPrice,
            Self::ConfirmPlaced { .. } => ExceptionChoice::ConfirmPlaced,
            Self::ConfirmNotPlaced => ExceptionChoice::ConfirmNotPlaced,
            Self::SettleFulfillment(Said::ItIs(_)) => ExceptionChoice::ConfirmFulfilled,
            Self::SettleFulfillment(Said::NotMade) => ExceptionChoice::ConfirmNotFulfilled,
            Self::CancelPurchaseOrder => ExceptionChoice::CancelPurchaseOrder,
            Self::AdoptTracking => ExceptionChoice::AdoptTracking,
            Self::MarkHandled { .. } => ExceptionChoice::MarkHandled,
            Self::Release => ExceptionChoice::Release,
            Self::Refuse { .. } => ExceptionChoice::Refuse,
        }
    }
}

/// Carries a decision out, and gives the exception back as it then stands.
pub async fn resolve_exception(
    app: &App,
    shop: ShopId,
    id: ExceptionId,
    resolution: Resolution,
    actor: &Actor,
) -> Result<exceptions::Model, AppError> {
    // Before the transaction: nobody else's work waits for Shopify.
    let shown = match &resolution {
        Resolution::SettleFulfillment(_) => settle_unclear::look_for(app, shop, id).await?,
        _ => None,
    };
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let found = exceptions::by_id(tx.conn(), shop, id).await?;
    let order_id = found.as_ref().and_then(|exception| exception.order_id);
    let order = match order_id {
        Some(order) => orders::lock(&tx, shop, order).await?,
        None => None,
    };
    // Read again: somebody else may have decided before the lock was ours.
    let exception = exceptions::by_id(tx.conn(), shop, id).await?;
    let exception = exception.ok_or(AppError::NotFound("this exception"))?;
    if exception.status == ExceptionStatus::Resolved {
        return Err(AppError::AlreadyDone("this was decided already".to_owned()));
    }
    if !exception.kind.choices().contains(&resolution.choice()) {
        return Err(AppError::Conflict("this cannot be decided so".to_owned()));
    }
    let Some(order) = order else {
        let closed = of_no_order(&tx, exception, resolution, actor, now).await?;
        tx.commit().await?;
        return Ok(closed);
    };
    let decision = Decision {
        app,
        shown: shown.as_ref(),
        tx: &tx,
        order: &order,
        exception: &exception,
        actor,
        now,
    };
    // What a person chose for a line stays when the order is decided anew.
    let kind = match resolution {
        Resolution::ChooseOffer(_) => EventKind::Overridden,
        _ => EventKind::ExceptionResolved,
    };
    let chosen = decision.chosen(&resolution).await?;
    let what = decision.carry_out(resolution).await?;
    let closed = close_as(&tx, exception.clone(), actor, (kind, &what), now)?;
    decision.go_on(&chosen).await?;
    tx.commit().await?;
    Ok(closed)
}

/// Decides what is about the shop, or about an order that could never be read.
async fn of_no_order(
    tx: &Tx,
    exception: exceptions::Model,
    resolution: Resolution,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<exceptions::Model, AppError> {
    let what = match (resolution, give_up_job::key_of(&exception)) {
        (Resolution::MarkHandled { note }, key) => {
            let what = handled(&note)?;
            if let Some(key) = key {
                jobs::given_up::remove_of_key(tx, key, None).await?;
            }
            what
        }
        (Resolution::Retry, Some(key)) => {
            jobs::revive_of_key(tx, key, tx.lease_now().timestamp_millis()).await?;
            "It is tried again".to_owned()
        }
        _ => return Err(AppError::Conflict("this can only be marked as handled".to_owned())),
    };
    Ok(close(tx, exception, &actor.to_string(), &what, now)?)
}

/// Closes an exception with a line in its order's history. Under the order's lock.
pub(super) fn close(
    tx: &Tx,
    exception: exceptions::Model,
    by: &str,
    what: &str,
    now: DateTime<Utc>,
) -> Result<exceptions::Model, DbErr> {
    close_by(tx, exception, &Actor::Staff(by.to_owned()), what, now)
}

/// The same by anybody.
pub(super) fn close_by(
    tx: &Tx,
    exception: exceptions::Model,
    actor: &Actor,
    what: &str,
    now: DateTime<Utc>,
) -> Result<exceptions::Model, DbErr> {
    close_as(tx, exception, actor, (EventKind::ExceptionResolved, what), now)
}

fn close_as(
    tx: &Tx,
    mut exception: exceptions::Model,
    actor: &Actor,
    (kind, what): (EventKind, &str),
    now: DateTime<Utc>,
) -> Result<exceptions::Model, DbErr> {
    exception.status = ExceptionStatus::Resolved;
    exception.resolution = Some(what.to_owned());
    exception.resolved_by = Some(actor.to_string());
    exception.resolved_at = Some(now);
    store::save(tx, exception.clone())?;
    if let Some(order) = exception.order_id {
        store::events::add(tx, exception.shop_id, order, now, actor, kind, what);
    }
    Ok(exception)
}

struct Decision<'a> {
    app: &'a App,
    /// The order at Shopify, for what goes by it.
    shown: Option<&'a Shown>,
    tx: &'a Tx,
    order: &'a orders::Model,
    exception: &'a exceptions::Model,
    actor: &'a Actor,
    now: DateTime<Utc>,
}

impl Decision<'_> {
    /// Does what was decided and says so in a sentence.
    async fn carry_out(&self, resolution: Resolution) -> Result<String, AppError> {
        match resolution {
            Resolution::Map(alternatives) => self.map(alternatives).await,
            Resolution::Retry => self.retry().await,
            Resolution::ChooseOffer(_) => Ok("A supplier was chosen".to_owned()),
            Resolution::AcceptPrice => self.accept_price().await,
            Resolution::ConfirmPlaced { supplier_reference } => self.confirm_placed(supplier_reference).await,
            Resolution::ConfirmNotPlaced => self.confirm_not_placed().await,
            Resolution::SettleFulfillment(said) => self.settle_fulfillment(said).await,
            Resolution::CancelPurchaseOrder => self.cancel().await,
            Resolution::AdoptTracking => self.adopt().await,
            Resolution::MarkHandled { note } => self.mark_handled(&note).await,
            Resolution::Release => self.release().await,
            Resolution::Refuse { note } => self.refuse(&note).await,
        }
    }

    fn route(&self) -> Result<(), DbErr> {
        let job = RouteOrder::of(self.order);
        enqueue(self.tx, &job, When::now(self.now.timestamp_millis()))
    }

    /// Routes what was chosen at once, now that the exception is closed: a job would come after whatever
    /// else is decided about the order, and find the line routed by the rules. All else is left to jobs.
    async fn go_on(&self, chosen: &[Forced]) -> Result<(), AppError> {
        let (tx, shop) = (self.tx, self.order.shop_id);
        let Some(row) = store::shops::by_id(tx.conn(), shop).await? else {
            return Ok(());
        };
        if chosen.is_empty() {
            return Ok(follow_status(tx, &row, self.order.id).await?);
        }
        let state = OrderState::of(tx, shop, self.order.id).await?;
        let state = state.ok_or(AppError::NotFound("this order"))?;
        if let Some(reason) = state.gate(&row.settings.0).reason() {
            return Err(AppError::Conflict(reason));
        }
        route_chosen(tx, &row, &state, chosen, self.now).await?;
        gather_order::after_choice(tx, &row, self.order, chosen, self.now).await?;
        Ok(())
    }

    async fn line(&self) -> Result<(OrderLineId, ShopifyVariantId), AppError> {
        let id = self
            .exception
            .order_line_id
            .ok_or(AppError::NotFound("the order line"))?;
        let lines = store::order_lines::by_ids(self.tx.conn(), self.order.shop_id, &[id]).await?;
        let variant = lines.first().and_then(|line| line.variant_id);
        let gone = "the line's product is gone from the shop, so nothing can be mapped to it";
        Ok((id, variant.ok_or_else(|| AppError::Conflict(gone.to_owned()))?))
    }

    async fn map(&self, alternatives: Vec<NewAlternative>) -> Result<String, AppError> {
        let (_, variant) = self.line().await?;
        let days = save_mapping::days(&alternatives);
        save_mapping::write(self.tx, self.order.shop_id, variant, alternatives, self.now).await?;
        self.route()?;
        // The variant may hold up other orders as well.
        save_mapping::route_waiting(self.tx, self.order.shop_id, variant, &days, self.actor, self.now)?;
        Ok("The variant was mapped".to_owned())
    }

    async fn retry(&self) -> Result<String, AppError> {
        match (self.exception.kind, self.exception.shipment_id) {
            (ExceptionKind::FulfillmentRefused | ExceptionKind::FulfillmentUnclear, Some(shipment_id)) => {
                let job = PushFulfillment {
                    shop_id: self.order.shop_id,
                    order_id: self.order.id,
                    shopify_id: self.order.shopify_id,
                    shipment_id,
                };
                enqueue(self.tx, &job, When::now(self.now.timestamp_millis()))?;
            }
            (ExceptionKind::JobFailed, _) => {
                let key = order_key(self.order.shop_id, self.order.shopify_id);
                let now_ms = self.tx.lease_now().timestamp_millis();
                jobs::revive_of_key(self.tx, &key, now_ms).await?;
            }
            (ExceptionKind::PlacementRefused, _) => {
                self.route()?;
                // A call may be refused for a mistake of the shop's own, so nobody is left out.
                return Ok("It is routed again, and whoever refused it may be asked again".to_owned());
            }
            _ => self.route()?,
        }
        Ok("It is tried again".to_owned())
    }

    /// The offer that was chosen for the line, if one was.
    async fn chosen(&self, resolution: &Resolution) -> Result<Vec<Forced>, AppError> {
        let Resolution::ChooseOffer(offer) = *resolution else {
            return Ok(Vec::new());
        };
        let (line, variant) = self.line().await?;
        if self.components_with(variant, offer).await?.is_empty() {
            let message = "the line's product is not mapped to this offer; map it first";
            return Err(AppError::invalid("offerId", message));
        }
        let units = None;
        Ok(vec![Forced { line, offer, units }])
    }

    async fn components_with(
        &self,
        variant: ShopifyVariantId,
        offer: OfferId,
    ) -> Result<Vec<mapping_components::Model>, DbErr> {
        let (db, shop) = (self.tx.conn(), self.order.shop_id);
        let mappings = mappings::of_variants(db, shop, vec![variant]).await?;
        let ids = mappings.iter().map(|mapping| mapping.id).collect();
        let mut components = mapping_components::of_mappings(db, shop, ids).await?;
        components.retain(|component| component.offer_id == offer);
        Ok(components)
    }

    /// Accepts the price that the person was shown, which may be outdated again by now.
    async fn accept_price(&self) -> Result<String, AppError> {
        let (_, variant) = self.line().await?;
        let shown = self.exception.evidence.as_ref();
        let shown = shown.and_then(|evidence| serde_json::from_value::<routing::PlanLine>(evidence.0.clone()).ok());
        let Some(routing::Outcome::PriceRose { offer, now: price, .. }) = shown.map(|line| line.outcome) else {
            return Err(AppError::Conflict(
                "it is not known which price was refused; retry instead".to_owned(),
            ));
        };
        let mut days = Vec::new();
        for mut component in self.components_with(variant, offer).await? {
            days.push(component.validity());
            component.accepted_cost_minor = price.amount_minor;
            component.currency = price.currency;
            store::save(self.tx, component)?;
        }
        self.route()?;
        let what = format!("The price of {price} was accepted");
        // It is accepted for every order of the variant, and others may wait for that.
        let done = (self.actor, Some(what.as_str()));
        save_mapping::look_again(self.tx, self.order.shop_id, variant, &days, done, self.now)?;
        Ok(what)
    }

    async fn purchase_order(&self) -> Result<purchase_orders::Model, AppError> {
        let missing = AppError::NotFound("the purchase order");
        let id = self.exception.purchase_order_id.ok_or(missing)?;
        let found = purchase_orders::by_id(self.tx.conn(), self.order.shop_id, id).await?;
        found.ok_or(AppError::NotFound("the purchase order"))
    }

    async fn settle_placing(&self, po: &purchase_orders::Model, outcome: IntentOutcome) -> Result<(), DbErr> {
        let key = format!("place:{}", po.id);
        let Some(intent) = store::intents::by_key(self.tx.conn(), &key).await? else {
            return Ok(());
        };
        let evidence = json!({ "said_by": self.actor.to_string() });
        intents::settle(self.tx, intent.id, outcome, evidence, self.now);
        Ok(())
    }

    async fn confirm_placed(&self, supplier_reference: Option<String>) -> Result<String, AppError> {
        let mut po = self.purchase_order().await?;
        self.settle_placing(&po, IntentOutcome::Done).await?;
        let reference = supplier_reference.map(|reference| reference.trim().chars().take(100).collect::<String>());
        po.supplier_reference = reference
            .filter(|reference| !reference.is_empty())
            .or(po.supplier_reference);
        po.placed_at = po.placed_at.or(Some(self.now));
        move_to(self.tx, &mut po, PurchaseOrderStatus::Placed, self.now).await?;
        ask_back::after_placing(self.tx, self.order, &po, self.now).await?;
        Ok(format!("{} stands with the supplier", po.number))
    }

    async fn confirm_not_placed(&self) -> Result<String, AppError> {
        let mut po = self.purchase_order().await?;
        let is_unsent = matches!(po.status, PurchaseOrderStatus::Draft | PurchaseOrderStatus::Placing);
        let key = order_key(self.order.shop_id, self.order.shopify_id);
        if is_unsent && jobs::waiting::is_running(self.tx.conn(), &key).await? {
            // It may be the call that reaches them after all.
            let busy = "something is being done about this order right now; try again in a moment";
            return Err(AppError::Conflict(busy.to_owned()));
        }
        let is_unclear = self.exception.kind == ExceptionKind::OutcomeUnknown;
        if is_unclear && !is_unsent && po.status != PurchaseOrderStatus::OutcomeUnknown {
            let stands = format!("{} stands with them by now: have it cancelled instead", po.number);
            return Err(AppError::Conflict(stands));
        }
        if is_unsent || is_unclear {
            self.settle_placing(&po, IntentOutcome::Refused).await?;
        }
        if self.exception.kind == ExceptionKind::SupplierSilent {
            // Its units are not offered to them again, but to others: also if the shop asked for it back.
            po.given_up_at.get_or_insert(self.now);
            po.asked_back_by_hand = false;
            let lines = po_lines::of_purchase_orders(self.tx.conn(), po.shop_id, vec![po.id]).await?;
            if lines.iter().any(|line| line.accepted + line.shipped > 0) {
                let why = Some("they had not answered it");
                apply_cancellation_answer(self.tx, &mut po, None, true, why, self.actor, self.now).await?;
                self.route()?;
                return Ok(format!(
                    "What they had not answered of {} is not theirs any more, and is routed again",
                    po.number
                ));
            }
        }
        move_to(self.tx, &mut po, PurchaseOrderStatus::Cancelled, self.now).await?;
        let freed = release_allocations(self.tx, &po, self.now).await?;
        take_care(self.tx, &po, &freed).await?;
        self.route()?;
        let then = if po.asked_back_by_hand {
            "it was taken back, and its units wait until the order is routed"
        } else {
            "its units are routed again"
        };
        Ok(format!("{} does not stand with the supplier; {then}", po.number))
    }

    async fn settle_fulfillment(&self, said: Said) -> Result<String, AppError> {
        let settling = Settling {
            app: self.app,
            tx: self.tx,
            order: self.order,
            exception: self.exception,
            actor: self.actor,
            shown: self.shown.ok_or(AppError::NotFound("the parcel's fulfillment"))?,
            now: self.now,
        };
        settling.settle(said).await
    }

    async fn cancel(&self) -> Result<String, AppError> {
        let po = self.purchase_order().await?;
        let state = OrderState::of(self.tx, self.order.shop_id, self.order.id).await?;
        let state = state.ok_or(AppError::NotFound("the exception's order"))?;
        let number = po.number.clone();
        withdraw_purchase_order(self.tx, &state, po, Asks::Person, self.now).await?;
        Ok(format!("{number} is taken back"))
    }

    /// The units that waited for the decision are taken care of: nothing is bought for them.
    async fn mark_handled(&self, note: &str) -> Result<String, AppError> {
        let what = handled(note)?;
        if self.exception.kind == ExceptionKind::JobFailed {
            // As if each of them had been dismissed: they keep nothing else of the order waiting.
            let key = order_key(self.order.shop_id, self.order.shopify_id);
            jobs::given_up::remove_of_key(self.tx, &key, None).await?;
        }
        if let (Some(line), Some(quantity)) = (self.exception.order_line_id, self.exception.quantity) {
            let units = store::units(quantity).min(self.units_without_place(line).await?);
            for mut row in store::order_lines::by_ids(self.tx.conn(), self.order.shop_id, &[line]).await? {
                row.handled = row.handled.saturating_add(store::column(units));
                store::save(self.tx, row)?;
            }
            self.route_the_rest().await?;
        }
        Ok(what)
    }

    /// Units of a line that Shopify wants from us and that nothing but this exception accounts for. Some of what it
    /// was about may be refunded or edited away by now: to take care of that would keep others from being bought.
    async fn units_without_place(&self, line: OrderLineId) -> Result<u32, DbErr> {
        let Some(row) = store::shops::by_id(self.tx.conn(), self.order.shop_id).await? else {
            return Ok(0);
        };
        let Some(mut state) = OrderState::of(self.tx, self.order.shop_id, self.order.id).await? else {
            return Ok(0);
        };
        state.open_exceptions.retain(|open| open.id != self.exception.id);
        let ledgers = state.ledgers(&row.settings.0);
        Ok(ledgers.get(&line).map_or(0, Ledger::without_place))
    }

    /// What had to be shipped together with a line that is taken care of may go without it.
    async fn route_the_rest(&self) -> Result<(), DbErr> {
        let (tx, shop) = (self.tx, self.order.shop_id);
        let Some(row) = store::shops::by_id(tx.conn(), shop).await? else {
            return Ok(());
        };
        let Some(state) = OrderState::of(tx, shop, self.order.id).await? else {
            return Ok(());
        };
        let line = self.exception.order_line_id.into_iter().collect();
        match gather_order::gather(tx, &row, &state, &line, Some(self.exception.id), self.now).await? {
            Some(_) => self.route(),
            None => Ok(()),
        }
    }

    /// What waited for a review leaves, as soon as nothing else holds it back.
    async fn release(&self) -> Result<String, AppError> {
        let po = self.purchase_order().await?;
        let job = PlacePurchaseOrder::of(&po, self.order.shopify_id);
        enqueue(self.tx, &job, When::now(self.now.timestamp_millis()))?;
        Ok(review_holds::released(&po))
    }

    async fn refuse(&self, note: &str) -> Result<String, AppError> {
        let note = handled(note)?;
        let po = self.purchase_order().await?;
        let number = po.number.clone();
        if po.status != PurchaseOrderStatus::Draft {
            return Err(AppError::Conflict(format!(
                "{number} does not wait to be sent any more"
            )));
        }
        undo_purchase_order(self.tx, po, self.now).await?;
        Ok(format!("{number} is not sent: {note}"))
    }

    async fn adopt(&self) -> Result<String, AppError> {
        let po = self.purchase_order().await?;
        adopt_tracking(self.tx, self.order, self.exception, &po, self.now).await?;
        Ok(format!(
            "The tracking of {} is put on what was fulfilled by hand",
            po.number
        ))
    }
}

fn handled(note: &str) -> Result<String, AppError> {
    let note = note.trim();
    if note.is_empty() || note.chars().count() > 1000 {
        return Err(AppError::invalid("note", "a note must have 1 to 1000 characters"));
    }
    Ok(note.to_owned())
}
