//! Drafts compared with the live routing over past orders: how far each is, and what came of it.

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    costs::{Costs, Routing},
    errors::Outcome,
    guard,
    loaders::{Loaders, OwnShop},
    money::Money,
    pagination::{Asked, NESTED, Page, STATEMENT, weight},
    plans::RoutingStrategy,
    rules::{Rule, rules},
    scalars::id,
    shops::number,
    suppliers::{Supplier, supplier_by_id},
};
use crate::{
    actions::{
        connect_supplier, rule_facts,
        what_if::{Period, never_in_force},
    },
    domain::{
        money::{self, Currency},
        what_if::{self, Draft, DraftConnection, Tally, Way},
    },
    error::AppError,
    ids::{SupplierId, WhatIfRunId},
    store::{self, what_if_orders, what_if_runs},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "what_if::WhatIfState")]
pub enum WhatIfState {
    Queued,
    Running,
    Done,
    Cancelled,
    Failed,
}

/// In which order a comparison's changed orders are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "what_if_orders::Sort")]
pub enum WhatIfOrderSort {
    /// Those placed first first.
    Placed,
    /// Those of which the draft saves the most first; where a cost is not known, last.
    Saving,
}

/// What a draft has otherwise than the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum WhatIfSubject {
    Routing,
    Rules,
    Connections,
}

/// A draft compared with how the shop routed when it was asked for, over orders of a period,
/// with what is mapped, offered and in stock while it runs.
pub struct WhatIfRun(pub what_if_runs::Model);

#[Object]
impl WhatIfRun {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    async fn state(&self) -> WhatIfState {
        self.0.state.into()
    }

    /// Orders placed from then on are compared.
    async fn since(&self) -> DateTime<Utc> {
        self.0.since
    }

    /// Not included.
    async fn until(&self) -> DateTime<Utc> {
        self.0.until
    }

    async fn asked_by(&self) -> &str {
        &self.0.asked_by
    }

    async fn asked_at(&self) -> DateTime<Utc> {
        self.0.asked_at
    }

    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// Why it failed; null unless it did.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// What the draft has otherwise than the shop.
    async fn differs(&self) -> Vec<WhatIfSubject> {
        let basis = &self.0.basis.0;
        let (Some(live), Some(draft)) = (&basis.live.settings, &basis.draft.settings) else {
            return Vec::new();
        };
        let differs = [
            (WhatIfSubject::Routing, live.routing != draft.routing),
            (WhatIfSubject::Rules, live.rules != draft.rules),
            (
                WhatIfSubject::Connections,
                basis.live.connections != basis.draft.connections,
            ),
        ];
        differs
            .into_iter()
            .filter_map(|(subject, differs)| differs.then_some(subject))
            .collect()
    }

    /// Orders of the period, at most the first 200,000; null before it has begun.
    async fn orders_total(&self) -> Option<i32> {
        self.0.total
    }

    /// Whether the period has more orders than a comparison takes in: those placed last were not looked at.
    async fn cut_off(&self) -> bool {
        self.0.mark.0.so_far.cut_off
    }

    /// Orders that were looked at so far.
    async fn orders_seen(&self) -> i32 {
        number(self.0.mark.0.so_far.seen)
    }

    /// Those of them that have something to ship.
    async fn orders_compared(&self) -> i32 {
        number(self.0.mark.0.so_far.orders)
    }

    /// Orders whose cost is known on both sides: cost, parcels and days are added up over these.
    async fn orders_priced(&self) -> i32 {
        number(self.0.mark.0.so_far.compared)
    }

    /// Orders that the draft would send otherwise.
    async fn orders_changed(&self) -> i32 {
        number(self.0.mark.0.so_far.changed)
    }

    /// As the shop routed. While the comparison is under way: so far.
    async fn live(&self) -> WhatIfSide {
        let basis = &self.0.basis.0.live;
        WhatIfSide::of(basis, &self.0.mark.0.so_far.live, self.0.currency)
    }

    /// As the draft would have it.
    async fn draft(&self) -> WhatIfSide {
        let basis = &self.0.basis.0.draft;
        WhatIfSide::of(basis, &self.0.mark.0.so_far.draft, self.0.currency)
    }

    /// Each supplier's part on either side.
    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn suppliers(&self) -> Vec<WhatIfShare> {
        let so_far = &self.0.mark.0.so_far;
        let sides = [&so_far.live, &so_far.draft];
        let ids: BTreeSet<SupplierId> = sides.iter().flat_map(|side| side.suppliers.keys().copied()).collect();
        let part = |side: &Tally, supplier| WhatIfPart::of(side, supplier, self.0.currency);
        let share = |supplier| WhatIfShare {
            live: part(&so_far.live, supplier),
            draft: part(&so_far.draft, supplier),
            supplier,
        };
        ids.into_iter().map(share).collect()
    }

    /// The draft itself, to look at or to go on from.
    async fn draft_rules(&self, ctx: &Context<'_>) -> Outcome<Vec<Rule>> {
        let row = Loaders::of(ctx).one(OwnShop).await?;
        let row = row.ok_or(AppError::NotFound("this shop"))?;
        let today = rule_facts::today(&row, guard::app(ctx).clock.now());
        let settings = self.0.basis.0.draft.settings.as_ref();
        Ok(settings
            .map(|settings| rules(&settings.rules, today))
            .unwrap_or_default())
    }

    /// The draft's rules, by name, that are switched on and decided about none of these orders, because none was
    /// placed on their days: each order is decided by the rules of its own day.
    async fn draft_rules_never_in_force(&self, ctx: &Context<'_>) -> Outcome<Vec<String>> {
        let row = Loaders::of(ctx).one(OwnShop).await?;
        let row = row.ok_or(AppError::NotFound("this shop"))?;
        let period = Period {
            since: self.0.since,
            until: self.0.until,
        };
        Ok(never_in_force(&row, &self.0.basis.0.draft, period))
    }

    async fn draft_routing(&self) -> Option<Routing> {
        let settings = self.0.basis.0.draft.settings.as_ref()?;
        Some(Routing::of(&settings.routing, self.0.currency))
    }

    /// The agreements that the draft has otherwise than the shop.
    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn draft_connections(&self) -> Vec<WhatIfConnection> {
        let basis = &self.0.basis.0;
        let others = basis.draft.connections.iter();
        let others = others.filter(|(supplier, row)| basis.live.connections.get(supplier) != Some(row));
        others
            .map(|(supplier, row)| WhatIfConnection {
                supplier: *supplier,
                row: row.clone(),
            })
            .collect()
    }

    /// Orders that the draft would send otherwise, those placed first first unless it is said otherwise;
    /// of very many, the 10,000 that were placed first.
    #[graphql(complexity = "STATEMENT + weight(first, child_complexity)")]
    async fn changed_orders(
        &self,
        ctx: &Context<'_>,
        sort: Option<WhatIfOrderSort>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Outcome<Page<what_if_orders::Seen, WhatIfOrder>> {
        let (asked, run) = (Asked::read(first, after.as_deref())?, &self.0);
        let db = Loaders::of(ctx).db();
        let sort = sort.unwrap_or(WhatIfOrderSort::Placed).into();
        let rows = what_if_orders::page(db, run.shop_id, run.id, sort, asked.seen, asked.limit()).await?;
        Ok(asked.page(rows, |row| (row.saving_minor, row.number), WhatIfOrder))
    }
}

/// One side of a comparison.
#[derive(SimpleObject)]
pub struct WhatIfSide {
    strategy: RoutingStrategy,
    cost: Money,
    parcels: i32,
    /// Until an order's last parcel arrives, on average; null where no order's cost is known.
    days: Option<f64>,
    /// Orders that could not be shipped in full.
    orders_short: i32,
    /// Orders that could be shipped at a cost that is not known.
    orders_unpriced: i32,
}

impl WhatIfSide {
    fn of(basis: &Draft, tally: &Tally, currency: Currency) -> Self {
        let settings = basis.settings.clone().unwrap_or_default();
        let whole = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        Self {
            strategy: settings.routing.strategy.into(),
            cost: money::Money::new(tally.cost_minor, currency).into(),
            parcels: number(tally.parcels),
            days: (tally.priced > 0).then(|| whole(tally.days) / whole(tally.priced)),
            orders_short: number(tally.short),
            orders_unpriced: number(tally.unpriced),
        }
    }
}

/// A supplier's parts.
pub struct WhatIfShare {
    supplier: SupplierId,
    live: WhatIfPart,
    draft: WhatIfPart,
}

#[Object]
impl WhatIfShare {
    /// Null where it is not to be seen any more.
    async fn supplier(&self, ctx: &Context<'_>) -> Outcome<Option<Supplier>> {
        supplier_by_id(ctx, self.supplier).await
    }

    async fn live(&self) -> &WhatIfPart {
        &self.live
    }

    async fn draft(&self) -> &WhatIfPart {
        &self.draft
    }
}

/// What a supplier would ship.
#[derive(SimpleObject)]
pub struct WhatIfPart {
    orders: i32,
    pieces: i32,
    /// Of all pieces, in percent.
    percent: f64,
    /// Of orders whose cost is known on both sides.
    cost: Money,
}

impl WhatIfPart {
    fn of(side: &Tally, supplier: SupplierId, currency: Currency) -> Self {
        let own = side.suppliers.get(&supplier).cloned().unwrap_or_default();
        let all: u64 = side.suppliers.values().map(|part| part.pieces).sum();
        let tenths = (own.pieces.saturating_mul(1000) + all / 2)
            .checked_div(all)
            .unwrap_or(0);
        Self {
            orders: number(own.orders),
            pieces: number(own.pieces),
            percent: f64::from(u32::try_from(tenths).unwrap_or(0)) / 10.0,
            cost: money::Money::new(own.cost_minor, currency).into(),
        }
    }
}

/// An agreement as the draft would have it.
pub struct WhatIfConnection {
    supplier: SupplierId,
    row: DraftConnection,
}

#[Object]
impl WhatIfConnection {
    async fn supplier(&self, ctx: &Context<'_>) -> Outcome<Option<Supplier>> {
        supplier_by_id(ctx, self.supplier).await
    }

    async fn priority(&self) -> i32 {
        self.row.priority
    }

    async fn price_tolerance_pct(&self) -> String {
        connect_supplier::percent(store::column(self.row.price_tolerance_bp))
    }

    async fn handling_days(&self) -> i32 {
        store::column(self.row.handling_days)
    }

    async fn cutoff_hour(&self) -> Option<i32> {
        self.row.service.cutoff_hour.map(store::column)
    }

    async fn dangerous_goods(&self) -> bool {
        self.row.service.dangerous_goods
    }

    async fn checks_age(&self) -> bool {
        self.row.service.checks_age
    }

    async fn active(&self) -> bool {
        self.row.active
    }

    async fn costs(&self) -> Option<Costs> {
        self.row.costs.as_ref().map(Costs::of)
    }
}

/// An order that the draft would send otherwise.
pub struct WhatIfOrder(what_if_orders::Model);

#[Object]
impl WhatIfOrder {
    /// Its place in the list.
    async fn number(&self) -> i32 {
        self.0.number
    }

    async fn order_id(&self) -> ID {
        ID(self.0.order_id.to_string())
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn placed_at(&self) -> DateTime<Utc> {
        self.0.placed_at
    }

    async fn live(&self) -> WhatIfWay {
        WhatIfWay::of(&self.0.live.0)
    }

    async fn draft(&self) -> WhatIfWay {
        WhatIfWay::of(&self.0.draft.0)
    }
}

/// How an order would be shipped.
#[derive(SimpleObject)]
pub struct WhatIfWay {
    /// Names.
    suppliers: Vec<String>,
    /// Units that nobody would ship.
    unserved: i32,
    /// Null where it is not known.
    cost: Option<Money>,
    parcels: Option<i32>,
    /// Until the last parcel arrives.
    days: Option<i32>,
}

impl WhatIfWay {
    fn of(way: &Way) -> Self {
        Self {
            suppliers: way.suppliers.clone(),
            unserved: number(way.unserved.into()),
            cost: way.cost.map(Money::from),
            parcels: way.parcels.map(|parcels| number(parcels.into())),
            days: way.days.map(|days| number(days.into())),
        }
    }
}

#[derive(Default)]
pub struct WhatIfQuery;

#[Object]
impl WhatIfQuery {
    #[graphql(complexity = "STATEMENT + child_complexity")]
    async fn what_if_run(&self, ctx: &Context<'_>, id: ID) -> Outcome<Option<WhatIfRun>> {
        let shop = guard::shop_reader(ctx)?;
        let Some(id) = self::id::<WhatIfRunId>(&id) else {
            return Ok(None);
        };
        let found = what_if_runs::by_id(Loaders::of(ctx).db(), shop, id).await?;
        Ok(found.map(WhatIfRun))
    }

    /// The shop's comparisons of drafts, the newest first.
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn what_if_runs(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Outcome<Page<WhatIfRunId, WhatIfRun>> {
        let shop = guard::shop_reader(ctx)?;
        let asked = Asked::read(first, after.as_deref())?;
        let rows = what_if_runs::page(Loaders::of(ctx).db(), shop, asked.seen, asked.limit()).await?;
        Ok(asked.page(rows, |row| row.id, WhatIfRun))
    }
}
