//! Makes mappings of proposals that a person accepted, one by one or all that
//! are certain, and keeps in mind what was refused.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    match_variants, replan_orders,
    revisit_orders::{RevisitOrders, Why},
    save_mapping::{self, NewAlternative, NewComponent},
};
use crate::{
    app::App,
    domain::{event::Actor, mapping::Validity, matching::ProposalStatus},
    error::AppError,
    ids::{MatchId, OfferId, ShopId, ShopifyVariantId},
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    store::{self, Tx, columns::Json, mappings, match_proposals, variants},
};

/// Proposals that one call may name.
pub const MOST_AT_ONCE: usize = 100;

/// What became of the proposals that were named.
#[derive(Debug, Default)]
pub struct Decided {
    pub done: Vec<MatchId>,
    /// What could not be done, each with its place in the list.
    pub problems: Vec<AppError>,
}

/// Maps each proposal's variant to its offer. One that is gone, or whose variant is
/// mapped by now, is told and holds back no other.
pub async fn accept(app: &App, shop: ShopId, ids: &[MatchId], actor: &Actor) -> Result<Decided, AppError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let found = named(&tx, shop, ids).await?;
    let mut decided = Decided::default();
    for (place, id) in ids.iter().enumerate() {
        let field = format!("ids.{place}");
        let Some(proposal) = found.iter().find(|proposal| proposal.id == *id) else {
            let message = "this proposal is not open any more";
            decided.problems.push(AppError::invalid(field, message));
            continue;
        };
        if !mappings::of_variants(tx.conn(), shop, vec![proposal.variant_id])
            .await?
            .is_empty()
        {
            let message = "this variant has a mapping by now";
            decided.problems.push(AppError::invalid(field, message));
            continue;
        }
        match map(&tx, shop, proposal.variant_id, proposal.offer_id, now).await {
            Ok(()) => decided.done.push(*id),
            Err(AppError::Invalid { message, .. }) => decided.problems.push(AppError::invalid(field, message)),
            Err(error) => return Err(error),
        }
    }
    if !decided.done.is_empty() {
        route_mapped(&tx, shop, actor.to_string(), now, Duration::ZERO)?;
    }
    tx.commit().await?;
    Ok(decided)
}

/// Proposals of which a person says no are not made again.
pub async fn refuse(app: &App, shop: ShopId, ids: &[MatchId], actor: &Actor) -> Result<Decided, AppError> {
    let tx = app.db.begin().await?;
    let mut decided = Decided::default();
    for mut proposal in named(&tx, shop, ids).await? {
        decided.done.push(proposal.id);
        proposal.status = ProposalStatus::Refused;
        proposal.decided_by = Some(actor.to_string());
        store::save(&tx, proposal)?;
    }
    tx.commit().await?;
    Ok(decided)
}

async fn named(tx: &Tx, shop: ShopId, ids: &[MatchId]) -> Result<Vec<match_proposals::Model>, AppError> {
    if !(1..=MOST_AT_ONCE).contains(&ids.len()) {
        let message = format!("name 1 to {MOST_AT_ONCE} proposals");
        return Err(AppError::invalid("ids", message));
    }
    Ok(match_proposals::open_by_ids(tx.conn(), shop, ids).await?)
}

/// Accepts all that is certain, later.
pub async fn accept_all_certain(app: &App, shop: ShopId, actor: &Actor) -> Result<(), AppError> {
    let tx = app.db.begin().await?;
    let job = AcceptMatches {
        shop_id: shop,
        by: actor.to_string(),
    };
    enqueue(&tx, &job, When::now(app.clock.now_ms()))?;
    Ok(tx.commit().await?)
}

/// Maps what is certain, some at a time, until nothing is left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AcceptMatches {
    pub shop_id: ShopId,
    /// Who said so.
    pub by: String,
}

/// Variants in one go.
const PAGE: u64 = 50;
/// So many as are mapped in that time have the orders that wait for them looked at together: that goes
/// through all that waits, however few were mapped.
pub(super) const TOGETHER: Duration = Duration::from_secs(2);

impl Job for AcceptMatches {
    const NAME: &'static str = "accept_matches";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    /// Not beside the search that finds them.
    fn serial_key(&self) -> Option<String> {
        Some(format!("match:{}", self.shop_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("accept:{}", self.shop_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let (shop, now) = (self.shop_id, app.clock.now());
        let tx = app.db.begin().await?;
        let page = match_proposals::page(tx.conn(), shop, true, None, PAGE).await?;
        if page.is_empty() {
            return Ok(());
        }
        // The catalogues may have changed since: what is certain is found again.
        let ids: Vec<ShopifyVariantId> = page.iter().map(|proposal| proposal.variant_id).collect();
        let rows = variants::by_ids(tx.conn(), shop, &ids).await?;
        let found = match_variants::propose(tx.conn(), shop, &rows).await?;
        let mapped = mappings::of_variants(tx.conn(), shop, ids).await?;
        for mut proposal in page {
            let variant = proposal.variant_id;
            let again = found
                .iter()
                .find(|again| again.variant == variant && again.offer == proposal.offer_id);
            match again {
                _ if mapped.iter().any(|mapping| mapping.variant_id == variant) => {
                    match_proposals::remove_open(&tx, shop, &[variant]);
                }
                None => match_proposals::remove_open(&tx, shop, &[variant]),
                Some(again) if again.is_certain() => match map(&tx, shop, variant, proposal.offer_id, now).await {
                    Ok(()) => {}
                    Err(AppError::Database(error)) => return Err(error.into()),
                    Err(_) => match_proposals::remove_open(&tx, shop, &[variant]),
                },
                Some(again) => {
                    proposal.certain = false;
                    proposal.doubts = Json(again.doubts.clone());
                    store::save(&tx, proposal)?;
                }
            }
        }
        route_mapped(&tx, shop, self.by.clone(), now, TOGETHER)?;
        enqueue(&tx, self, When::now(now.timestamp_millis()))?;
        tx.commit().await?;
        Ok(())
    }
}

/// One piece of the offer is one unit of the variant.
async fn map(
    tx: &Tx,
    shop: ShopId,
    variant: ShopifyVariantId,
    offer: OfferId,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let alternative = NewAlternative {
        components: vec![NewComponent {
            offer,
            quantity: 1,
            accepted: None,
        }],
        validity: Validity::default(),
    };
    save_mapping::write(tx, shop, variant, vec![alternative], now).await
}

/// Has the orders that wait for any of many mappings looked at again, after so long, and those that can still be undone.
pub(super) fn route_mapped(
    tx: &Tx,
    shop: ShopId,
    by: String,
    now: DateTime<Utc>,
    wait: Duration,
) -> Result<(), sea_orm::DbErr> {
    // As the database keeps it, a mapping's time may be a little less than the clock's.
    let since = now - TimeDelta::milliseconds(1);
    replan_orders::of_shop(tx, shop, now)?;
    let why = Why::ManyMapped { by, since, until: None };
    enqueue(
        tx,
        &RevisitOrders::new(shop, why),
        When::after(now.timestamp_millis(), wait),
    )
}
