//! Looks for offers that are a shop's unmapped variants, a page of variants at a time.
//!
//! Codes are looked up by their keys, so neither catalogue is ever read as a
//! whole. What is found are proposals; nothing is mapped here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    domain::matching::{self, Candidate, KeyKind, Proposal, ProposalStatus, VariantCodes, codes, titles},
    error::AppError,
    ids::{MatchId, MatchRunId, OfferId, ShopId, ShopifyVariantId},
    queue::{Attempt, Job, JobError, Priority, When, enqueue},
    store::{
        self,
        columns::Json,
        match_proposals, match_runs, offer_keys, offers, shops, variant_keys,
        variants::{self, VariantFilter},
    },
};

/// Goes on with the search that a shop has under way.
#[derive(Debug, Serialize, Deserialize)]
pub struct MatchVariants {
    pub shop_id: ShopId,
}

/// Variants in one go.
const PAGE: u64 = 200;
/// Offers with one code that are looked at: one more than can be proposed.
const MOST_OF_CODE: u64 = 6;

/// Words of a title by which others are found, the longest ones, and offers for each.
const MOST_WORDS: usize = 8;
const MOST_OF_WORD: u64 = 150;
/// Titles less alike are not worth a look.
const LEAST_LIKENESS: u32 = 40;

/// Begins a search, unless one is under way; gives back the one that is.
pub async fn begin(app: &App, shop: ShopId) -> Result<match_runs::Model, AppError> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    // Two that begin at once are one search.
    shops::lock(&tx, shop).await?;
    if let Some(run) = match_runs::under_way(tx.conn(), shop).await? {
        return Ok(run);
    }
    let run = match_runs::Model {
        id: MatchRunId::generate(),
        shop_id: shop,
        after: ShopifyVariantId(0),
        seen: 0,
        certain: 0,
        doubtful: 0,
        began_at: now,
        ended_at: None,
    };
    store::insert(&tx, run.clone())?;
    enqueue(&tx, &MatchVariants { shop_id: shop }, When::now(now.timestamp_millis()))?;
    tx.commit().await?;
    Ok(run)
}

impl Job for MatchVariants {
    const NAME: &'static str = "match_variants";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    /// Not beside the acceptance of what it finds.
    fn serial_key(&self) -> Option<String> {
        Some(format!("match:{}", self.shop_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("match:{}", self.shop_id))
    }

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let (shop, db) = (self.shop_id, app.db.read());
        let Some(mut run) = match_runs::under_way(db, shop).await? else {
            return Ok(());
        };
        let unmapped = VariantFilter::default();
        let page = variants::page(db, shop, &unmapped, Some(run.after), PAGE).await?;
        let found = propose(db, shop, &page).await?;
        let now = app.clock.now();
        let tx = app.db.begin().await?;
        let ids: Vec<ShopifyVariantId> = page.iter().map(|variant| variant.id).collect();
        match_proposals::remove_open(&tx, shop, &ids);
        let doubtful: BTreeSet<ShopifyVariantId> = found.iter().map(|proposal| proposal.variant).collect();
        let certain = found.iter().filter(|proposal| proposal.is_certain()).count();
        let rows = found.into_iter().map(|proposal| row(shop, proposal, now)).collect();
        store::insert_all(&tx, rows)?;
        run.seen = plus(run.seen, page.len());
        run.certain = plus(run.certain, certain);
        run.doubtful = plus(run.doubtful, doubtful.len().saturating_sub(certain));
        match ids.last() {
            Some(last) => run.after = *last,
            None => run.ended_at = Some(now),
        }
        let is_over = run.ended_at.is_some();
        store::save(&tx, run)?;
        if !is_over {
            enqueue(&tx, self, When::now(now.timestamp_millis()))?;
        }
        tx.commit().await?;
        Ok(())
    }
}

fn plus(count: i32, more: usize) -> i32 {
    count.saturating_add(i32::try_from(more).unwrap_or(i32::MAX))
}

fn row(shop: ShopId, proposal: Proposal, now: DateTime<Utc>) -> match_proposals::Model {
    match_proposals::Model {
        id: MatchId::generate(),
        shop_id: shop,
        variant_id: proposal.variant,
        offer_id: proposal.offer,
        found_by: proposal.by,
        certain: proposal.is_certain(),
        key: proposal.key,
        doubts: Json(proposal.doubts),
        status: ProposalStatus::Open,
        made_at: now,
        decided_by: None,
    }
}

/// What the catalogues say now of some of the shop's variants, without what a person refused.
pub(super) async fn propose(
    db: &impl ConnectionTrait,
    shop: ShopId,
    page: &[variants::Model],
) -> Result<Vec<Proposal>, DbErr> {
    let shipped = page.iter().filter(|variant| variant.requires_shipping);
    let mut asked: Vec<VariantCodes> = shipped.map(codes_of).collect();
    let mut offers: BTreeSet<OfferId> = BTreeSet::new();
    for kind in [KeyKind::Sku, KeyKind::Barcode] {
        let keys: BTreeSet<String> = asked.iter().filter_map(|codes| of_kind(codes, kind).cloned()).collect();
        let keys: Vec<String> = keys.into_iter().collect();
        offers.extend(offer_keys::offers_with(db, shop, kind, &keys, MOST_OF_CODE).await?);
        let shared = variant_keys::shared(db, shop, kind, &keys).await?;
        for codes in &mut asked {
            let is_shared = of_kind(codes, kind).is_some_and(|key| shared.contains(key));
            match kind {
                KeyKind::Sku => codes.sku_is_shared = is_shared,
                KeyKind::Barcode | KeyKind::Word => codes.barcode_is_shared = is_shared,
            }
        }
    }
    let rows = offers::by_ids(db, offers.into_iter().collect()).await?;
    let mut known = BTreeSet::new();
    for kind in [KeyKind::Sku, KeyKind::Barcode] {
        let keys: BTreeSet<String> = rows.iter().filter_map(|row| code_of(row, kind)).collect();
        let keys: Vec<String> = keys.into_iter().collect();
        let found = variant_keys::known(db, shop, kind, &keys).await?;
        known.extend(found.into_iter().map(|key| (kind, key)));
    }
    let candidates = by_code(rows, &known);
    let ids: Vec<ShopifyVariantId> = page.iter().map(|variant| variant.id).collect();
    let refused = match_proposals::refused_of(db, shop, &ids).await?;
    let refused: BTreeSet<(ShopifyVariantId, OfferId)> =
        refused.into_iter().map(|row| (row.variant_id, row.offer_id)).collect();
    let mut found = Vec::new();
    for codes in &asked {
        let with = |key: &Option<String>| key.as_ref().and_then(|key| candidates.get(key)).into_iter().flatten();
        let candidates: Vec<Candidate> = with(&codes.sku).chain(with(&codes.barcode)).cloned().collect();
        let proposals = matching::propose(codes, &candidates).into_iter();
        found.extend(proposals.filter(|proposal| !refused.contains(&(proposal.variant, proposal.offer))));
    }
    Ok(found)
}

fn codes_of(variant: &variants::Model) -> VariantCodes {
    VariantCodes {
        variant: variant.id,
        sku: variant.sku.as_deref().and_then(codes::sku_key),
        barcode: variant.barcode.as_deref().and_then(codes::gtin_key),
        sku_is_shared: false,
        barcode_is_shared: false,
    }
}

const fn of_kind(codes: &VariantCodes, kind: KeyKind) -> Option<&String> {
    match kind {
        KeyKind::Sku => codes.sku.as_ref(),
        KeyKind::Barcode | KeyKind::Word => codes.barcode.as_ref(),
    }
}

/// An offer's code, as codes are compared.
fn code_of(offer: &offers::Model, kind: KeyKind) -> Option<String> {
    match kind {
        KeyKind::Sku => codes::sku_key(&offer.sku),
        KeyKind::Barcode | KeyKind::Word => offer.barcode.as_deref().and_then(codes::gtin_key),
    }
}

/// Offers by each of their codes. A SKU that looks like another's barcode does no harm:
/// what a code is, is compared again.
fn by_code(rows: Vec<offers::Model>, known: &BTreeSet<(KeyKind, String)>) -> BTreeMap<String, Vec<Candidate>> {
    let is_known = |kind, code: &Option<String>| code.clone().is_some_and(|code| known.contains(&(kind, code)));
    let mut found: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
    for row in rows {
        let (sku, barcode) = (code_of(&row, KeyKind::Sku), code_of(&row, KeyKind::Barcode));
        let candidate = Candidate {
            offer: row.id,
            sku_is_known: is_known(KeyKind::Sku, &sku),
            barcode_is_known: is_known(KeyKind::Barcode, &barcode),
            sku,
            barcode,
            active: row.active,
        };
        for key in [&candidate.sku, &candidate.barcode].into_iter().flatten() {
            found.entry(key.clone()).or_default().push(candidate.clone());
        }
    }
    found
}

/// Offers of connected suppliers with a title like the variant's, the liker first, and how alike they are.
pub async fn similar(
    db: &impl ConnectionTrait,
    shop: ShopId,
    variant: &variants::Model,
) -> Result<Vec<(offers::Model, u32)>, DbErr> {
    let title = match variant.title.as_str() {
        "Default Title" => variant.product_title.clone(),
        title => format!("{} {title}", variant.product_title),
    };
    let wanted = titles::words(&title);
    let mut words = titles::index_words(&title);
    // Longer words are rarer.
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words.truncate(MOST_WORDS);
    let ids = offer_keys::offers_with(db, shop, KeyKind::Word, &words, MOST_OF_WORD).await?;
    let ids: BTreeSet<OfferId> = ids.into_iter().collect();
    let rows = offers::by_ids(db, ids.into_iter().collect()).await?.into_iter();
    let scored = rows.filter(|offer| offer.active).map(|offer| {
        let likeness = titles::likeness(&wanted, &titles::words(&offer.title));
        (offer, likeness)
    });
    let mut likely: Vec<(offers::Model, u32)> = scored.filter(|(_, likeness)| *likeness >= LEAST_LIKENESS).collect();
    likely.sort_by_key(|(offer, likeness)| (std::cmp::Reverse(*likeness), offer.id));
    Ok(likely)
}
