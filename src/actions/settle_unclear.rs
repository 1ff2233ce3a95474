//! A person says what became of a fulfillment whose outcome is unclear: it is
//! one of those that Shopify shows, or Shopify did not make it.
//!
//! Before anything is believed the order is read once more. What it tells by
//! then outweighs what was said, so that saying it too late, or of the wrong
//! one, neither doubles a parcel nor takes another one's fulfillment.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde_json::json;

use super::{
    conclude_fulfillment::mark_done,
    import_order::ImportOrder,
    push_fulfillment::{PushFulfillment, patience},
    settle_fulfillments::{before_of, found, intent_key},
    shop_access::{self, AccessError},
    unclear_fulfillment::asked_about,
    write_order::fulfilled_lines,
};
use crate::{
    app::App,
    domain::{
        event::Actor,
        exception::{ExceptionKind, ExceptionStatus},
        fulfilment::FulfillmentStatus,
        intent::IntentOutcome,
    },
    error::AppError,
    ids::{ExceptionId, FulfillmentId, ShopId, ShopifyFulfillmentId},
    queue::{When, enqueue, intents, order_key},
    shopify::{
        fulfillments::{FulfillmentSnapshot, OrderFulfillmentState},
        read_back::{self, ReadBack},
    },
    store::{
        self, Tx,
        columns::Json,
        exceptions,
        fulfillments::{self, FulfilledLine},
        intents::Model as Intent,
        order_state::OrderState,
        orders,
    },
};

/// Points that reading an order back costs.
const COST: u32 = 640;

/// What was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    ItIs(ShopifyFulfillmentId),
    NotMade,
}

/// The order as Shopify showed it when the person decided.
pub struct Shown {
    read: OrderFulfillmentState,
    asked_at: DateTime<Utc>,
}

/// A fulfillment that may be the one.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub id: ShopifyFulfillmentId,
    /// As people say it: `#1001-F1`.
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub company: Option<String>,
    pub numbers: Vec<String>,
    pub lines: Vec<FulfilledLine>,
}

/// The fulfillments that Shopify shows now and that may be the one that an exception is about.
pub async fn candidates(app: &App, shop: ShopId, id: ExceptionId) -> Result<Vec<Candidate>, AppError> {
    let db = app.db.read();
    let Some(exception) = exceptions::by_id(db, shop, id).await? else {
        return Ok(Vec::new());
    };
    let (Some(order), Some(asked)) = (exception.order_id, asked_about(&exception)) else {
        return Ok(Vec::new());
    };
    let Some(state) = OrderState::load(db, shop, order).await? else {
        return Ok(Vec::new());
    };
    let Some((row, intent)) = in_question(db, &state, asked).await? else {
        return Ok(Vec::new());
    };
    let shown = look(app, shop, &state.order).await?;
    let possible = shown.read.fulfillments.iter();
    let possible = possible.filter(|one| objection(&state, row, &intent, one).is_none());
    Ok(possible.map(|one| candidate(&state, one)).collect())
}

fn candidate(state: &OrderState, one: &FulfillmentSnapshot) -> Candidate {
    Candidate {
        id: one.id,
        name: one.name.clone(),
        created_at: one.created_at,
        company: one.tracking.iter().find_map(|info| info.company.clone()),
        numbers: one.tracking.iter().filter_map(|info| info.number.clone()).collect(),
        lines: fulfilled_lines(one, &state.lines),
    }
}

/// Reads the order of an exception back before it is decided; none where there is nothing to read.
pub async fn look_for(app: &App, shop: ShopId, id: ExceptionId) -> Result<Option<Shown>, AppError> {
    let db = app.db.read();
    let exception = exceptions::by_id(db, shop, id).await?;
    let open = exception.filter(|one| one.status == ExceptionStatus::Open && asked_about(one).is_some());
    let Some(order) = open.and_then(|one| one.order_id) else {
        return Ok(None);
    };
    match orders::by_id(db, shop, order).await? {
        Some(order) => look(app, shop, &order).await.map(Some),
        None => Ok(None),
    }
}

async fn look(app: &App, shop: ShopId, order: &orders::Model) -> Result<Shown, AppError> {
    let access = shop_access::open(app, shop, COST).await?;
    let asked_at = app.db.lease_now().await?;
    let answer = app.shopify.order_fulfillments(&access.access(), order.shopify_id).await;
    shop_access::observe(app, &access, &answer).await?;
    let answer = answer.map_err(|error| AppError::Unavailable(format!("Shopify does not show the order: {error}")))?;
    let gone = || AppError::Conflict("Shopify does not show the order any more".to_owned());
    Ok(Shown {
        read: answer.data.ok_or_else(gone)?,
        asked_at,
    })
}

impl From<AccessError> for AppError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Database(error) => Self::Database(error),
            AccessError::Gone | AccessError::NotInstalled | AccessError::NeedsReconnect => {
                Self::Conflict(error.to_string())
            }
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// The fulfillment and its Intent, while its outcome is open.
async fn in_question<'a>(
    db: &impl sea_orm::ConnectionTrait,
    state: &'a OrderState,
    id: FulfillmentId,
) -> Result<Option<(&'a fulfillments::Model, Intent)>, DbErr> {
    let pending = |row: &&fulfillments::Model| row.id == id && row.status == FulfillmentStatus::Pending;
    let Some(row) = state.fulfillments.iter().find(pending) else {
        return Ok(None);
    };
    let intent = store::intents::by_key(db, &intent_key(row)).await?;
    let open = intent.filter(|intent| intent.called_at.is_some() && intent.outcome.is_open());
    Ok(open.map(|intent| (row, intent)))
}

/// Why one that Shopify shows cannot be what the call made.
fn objection(
    state: &OrderState,
    row: &fulfillments::Model,
    intent: &Intent,
    one: &FulfillmentSnapshot,
) -> Option<&'static str> {
    let taken = |other: &fulfillments::Model| !other.by_hand && other.shopify_id == Some(one.id);
    let shared = |line: &FulfilledLine| row.lines.0.iter().any(|own| own.order_line_id == line.order_line_id);
    if !read_back::stands(&one.status) {
        Some("that fulfillment was cancelled")
    } else if state.fulfillments.iter().any(taken) {
        Some("that fulfillment belongs to another parcel")
    } else if before_of(intent).is_some_and(|before| before.fulfillments.contains(&one.id)) {
        Some("that fulfillment was there before the parcel was sent to Shopify")
    } else if !fulfilled_lines(one, &state.lines).iter().any(shared) {
        Some("that fulfillment has nothing of what is in the parcel")
    } else {
        None
    }
}

/// A decision under the order's lock.
pub struct Settling<'a> {
    pub app: &'a App,
    pub tx: &'a Tx,
    pub order: &'a orders::Model,
    pub exception: &'a exceptions::Model,
    pub actor: &'a Actor,
    pub shown: &'a Shown,
    pub now: DateTime<Utc>,
}

impl Settling<'_> {
    /// Does what was said, as far as it can be so, and tells what came of it.
    pub async fn settle(&self, said: Said) -> Result<String, AppError> {
        let key = order_key(self.order.shop_id, self.order.shopify_id);
        if store::jobs::waiting::is_running(self.tx.conn(), &key).await? {
            // It may be about to call Shopify.
            let busy = "something is being done about this order right now; try again in a moment";
            return Err(AppError::Conflict(busy.to_owned()));
        }
        let state = OrderState::of(self.tx, self.order.shop_id, self.order.id).await?;
        let mut state = state.ok_or(AppError::NotFound("the exception's order"))?;
        let asked = asked_about(self.exception).ok_or(AppError::NotFound("the parcel's fulfillment"))?;
        let Some((row, intent)) = in_question(self.tx.conn(), &state, asked).await? else {
            self.push()?;
            return Ok("It was settled meanwhile".to_owned());
        };
        let told = found(&state, &self.shown.read, row, &intent);
        let made = match (said, told) {
            (Said::NotMade, ReadBack::Made(id)) => Some(id),
            (Said::NotMade, _) => None,
            (Said::ItIs(id), _) => Some(self.checked(&state, row, &intent, id).await?),
        };
        let since = self.shown.asked_at - intent.called_at.unwrap_or(self.shown.asked_at);
        if made.is_none() && since < patience(self.app) {
            let early = "the call may still be under way; try again in a minute";
            return Err(AppError::Conflict(early.to_owned()));
        }
        let what = if let Some(id) = made {
            self.tie(&mut state, &intent, id).await?
        } else {
            let evidence = json!({ "said_by": self.actor.to_string() });
            intents::settle(self.tx, intent.id, IntentOutcome::Pending, evidence, self.now);
            "Shopify did not take the parcel: it is sent again".to_owned()
        };
        self.push()?;
        Ok(what)
    }

    /// That the fulfillment is there, may be this one, and is not clearly another parcel's.
    async fn checked(
        &self,
        state: &OrderState,
        row: &fulfillments::Model,
        intent: &Intent,
        id: ShopifyFulfillmentId,
    ) -> Result<ShopifyFulfillmentId, AppError> {
        let wrong = |why: &str| AppError::invalid("fulfillmentId", why);
        let read = &self.shown.read;
        let one = read.fulfillments.iter().find(|one| one.id == id);
        let one = one.ok_or_else(|| wrong("Shopify shows no such fulfillment on this order"))?;
        if let Some(why) = objection(state, row, intent, one) {
            return Err(wrong(why));
        }
        for other in state.fulfillments.iter().filter(|other| other.id != row.id) {
            let its = in_question(self.tx.conn(), state, other.id).await?;
            if its.is_some_and(|(other, intent)| found(state, read, other, &intent) == ReadBack::Made(id)) {
                return Err(wrong(
                    "that fulfillment is another parcel's, by its units and its number",
                ));
            }
        }
        Ok(id)
    }

    /// Ties a fulfillment of Shopify's to the parcel, with the units that it has there.
    async fn tie(&self, state: &mut OrderState, intent: &Intent, id: ShopifyFulfillmentId) -> Result<String, AppError> {
        let evidence = json!({ "said_by": self.actor.to_string(), "fulfillment": id.to_string() });
        intents::settle(self.tx, intent.id, IntentOutcome::Done, evidence, self.now);
        let at = state.fulfillments.iter().position(|row| row.id.0 == intent.subject_id);
        let one = self.shown.read.fulfillments.iter().find(|one| one.id == id);
        let (Some(at), Some(one)) = (at, one) else {
            return Err(AppError::NotFound("the parcel's fulfillment"));
        };
        let seen = candidate(state, one);
        let row = &mut state.fulfillments[at];
        row.lines = Json(seen.lines.clone());
        if seen.numbers.is_empty() {
            // So that the parcel's own is sent. One that stands there may be somebody's correction, and stays.
            row.company = seen.company;
            row.numbers = Json(Vec::new());
            row.urls = Json(Vec::new());
        }
        mark_done(self.tx, state, at, id, self.now).await?;
        self.end_by_hand(state, &seen.lines)?;
        // What counts as fulfilled by us has changed: it is counted when the order is read.
        let (shop_id, shopify_id) = (self.order.shop_id, self.order.shopify_id);
        let when = When::now(self.now.timestamp_millis());
        enqueue(self.tx, &ImportOrder { shop_id, shopify_id }, when)?;
        Ok(format!("Shopify has the parcel as {}", seen.name))
    }

    /// What was asked because the fulfillment seemed to be made by hand; what else there is, the import asks again.
    fn end_by_hand(&self, state: &OrderState, lines: &[FulfilledLine]) -> Result<(), DbErr> {
        let is_about = |one: &&exceptions::Model| {
            one.kind == ExceptionKind::FulfilledByHand
                && lines.iter().any(|line| one.order_line_id == Some(line.order_line_id))
        };
        for exception in state.open_exceptions.iter().filter(is_about) {
            let mut exception = exception.clone();
            exception.status = ExceptionStatus::Resolved;
            exception.resolution = Some("It is a parcel's own fulfillment".to_owned());
            exception.resolved_by = Some(self.actor.to_string());
            exception.resolved_at = Some(self.now);
            store::save(self.tx, exception)?;
        }
        Ok(())
    }

    /// The parcel goes on from there: what is left of it is sent, and how far it is, is written.
    fn push(&self) -> Result<(), DbErr> {
        let Some(shipment_id) = self.exception.shipment_id else {
            return Ok(());
        };
        let job = PushFulfillment {
            shop_id: self.order.shop_id,
            order_id: self.order.id,
            shopify_id: self.order.shopify_id,
            shipment_id,
        };
        enqueue(self.tx, &job, When::now(self.now.timestamp_millis()))
    }
}
