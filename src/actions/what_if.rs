//! Compares a draft with how a shop routes now, over past orders: page by page with
//! what is mapped, offered and in stock today. Deciding runs on threads that may block, one for
//! either side, while the next page is read; of the orders only sums stay. Reads only.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::DbErr;

use super::{
    cost_facts::{self, Agreed, PriceLists},
    route_order,
    rule_facts::{self, DatedRule},
};
pub use crate::domain::what_if::{Basis, Comparison, Draft, DraftConnection, Mark, OfLate, Way};
use crate::{
    domain::{
        costs::{Destination, StrategyWord},
        rules::RuleText,
    },
    ids::{OrderId, ShopId, ShopifyVariantId},
    routing::{
        self, Alternative, LineDemand, RouteRequest, Strategy,
        owner::Terms,
        rulebook::OrderFacts,
        terms::{Detail, Effort},
        what_if::Decided,
    },
    store::{self, Db, Recall, columns::Json, offers, order_lines, orders, shops},
};

/// Orders that are read and decided together.
const AT_ONCE: u64 = 200;
/// Variants that are remembered from page to page.
const MOST_VARIANTS: usize = 5_000;
/// Orders that one comparison takes in.
pub const MOST_ORDERS: u64 = 200_000;

/// Orders that were placed in it are compared.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    pub since: DateTime<Utc>,
    /// Not included.
    pub until: DateTime<Utc>,
}

/// An order that the draft would send elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedOrder {
    pub order: OrderId,
    pub name: String,
    pub placed_at: DateTime<Utc>,
    pub live: Way,
    pub draft: Way,
}

/// The draft's rules that are switched on and decided about none of a period's orders: their days lie outside.
pub fn never_in_force(shop: &shops::Model, draft: &Draft, period: Period) -> Vec<String> {
    let first = rule_facts::today(shop, period.since);
    let last = rule_facts::today(shop, period.until - TimeDelta::milliseconds(1));
    let settings = draft.settings.as_ref().unwrap_or(&shop.settings.0);
    let is_outside = |rule: &&RuleText| {
        let is_over = rule.until.is_some_and(|until| until < first);
        rule.enabled && (is_over || rule.from.is_some_and(|from| from > last))
    };
    let rules = settings.rules.iter().filter(is_outside);
    rules.map(|rule| rule.name.clone()).collect()
}

impl ChangedOrder {
    /// What the draft saves, where both costs are known.
    #[must_use]
    pub fn saving_minor(&self) -> Option<i64> {
        let (live, draft) = (self.live.cost?, self.draft.cost?);
        Some(live.amount_minor.saturating_sub(draft.amount_minor))
    }
}

impl From<&Decided> for Way {
    fn from(decided: &Decided) -> Self {
        let price = decided.price.as_ref();
        Self {
            suppliers: decided.suppliers.iter().cloned().collect(),
            unserved: decided.unserved,
            cost: price.map(|price| price.total),
            parcels: price.map(|price| price.parcels),
            days: price.map(|price| price.days),
        }
    }
}

/// A comparison under way.
pub struct WhatIf {
    live: Side,
    draft: Side,
    reader: Reader,
    /// Read while the page before it was decided.
    ahead: Option<Page>,
    /// The order that was decided last.
    seen: Option<(DateTime<Utc>, OrderId)>,
    pub so_far: Comparison,
}

impl WhatIf {
    /// Reads what both sides rest on; live is what the shop has now.
    pub async fn begin(
        db: &Db,
        shop: shops::Model,
        draft: Draft,
        period: Period,
        now: DateTime<Utc>,
    ) -> Result<Self, DbErr> {
        let basis = Basis {
            live: Draft::default(),
            draft,
        };
        Self::go_on(db, shop, basis, period, now, Mark::default()).await
    }

    /// Goes on where a comparison stopped, of the same basis and as of the same time.
    pub async fn go_on(
        db: &Db,
        shop: shops::Model,
        basis: Basis,
        period: Period,
        now: DateTime<Utc>,
        mark: Mark,
    ) -> Result<Self, DbErr> {
        let agreed = Agreed::of_shop(db.read(), shop.id).await?;
        let side = |drafted: Draft, of_late| {
            let (mut shop, mut agreed) = (shop.clone(), agreed.clone());
            agreed.redraft(|supplier, row| {
                if let Some(wanted) = drafted.connections.get(&supplier) {
                    row.priority = wanted.priority;
                    row.price_tolerance_bp = store::column(wanted.price_tolerance_bp);
                    row.handling_days = store::column(wanted.handling_days);
                    row.service = Json(wanted.service.clone());
                    row.active = wanted.active;
                    row.costs = wanted.costs.clone().map(Json);
                }
            });
            if let Some(settings) = drafted.settings {
                shop.settings = Json(settings);
            }
            Side::new(shop, agreed, of_late)
        };
        let (live, draft) = (side(basis.live, mark.newest.0)?, side(basis.draft, mark.newest.1)?);
        Ok(Self {
            live,
            draft,
            reader: Reader {
                shop,
                period,
                now,
                book: Book::default(),
                read: mark.seen,
                count: mark.so_far.seen,
                most: MOST_ORDERS,
                is_cut_off: false,
            },
            ahead: None,
            seen: mark.seen,
            so_far: mark.so_far,
        })
    }

    /// Takes in no more orders than these.
    #[must_use]
    pub const fn at_most(mut self, orders: u64) -> Self {
        self.reader.most = orders;
        self
    }

    /// From where another can go on.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            seen: self.seen,
            newest: (self.live.of_late.clone(), self.draft.of_late.clone()),
            so_far: self.so_far.clone(),
        }
    }

    /// Compares the next orders and gives those that change; none when there are no more.
    pub async fn next(&mut self, db: &Db) -> Result<Option<Vec<ChangedOrder>>, DbErr> {
        let page = match self.ahead.take() {
            Some(page) => Some(page),
            None => self.reader.next(db.read()).await?,
        };
        let Some(page) = page.map(Arc::new) else {
            self.so_far.cut_off = self.reader.is_cut_off;
            return Ok(None);
        };
        self.seen = Some(page.last);
        self.so_far.seen += page.read;
        let now = self.reader.now;
        let (live, draft, ahead) = tokio::try_join!(
            self.live.decide_all(&page, now),
            self.draft.decide_all(&page, now),
            self.reader.next(db.read()),
        )?;
        self.ahead = ahead;
        let mut changed = Vec::new();
        for (order, (live, draft)) in page.orders.iter().zip(live.iter().zip(&draft)) {
            let so_far = &mut self.so_far;
            let both = live.is_priced() && draft.is_priced();
            so_far.orders += 1;
            so_far.compared += u64::from(both);
            so_far.live.add(live, both);
            so_far.draft.add(draft, both);
            if live.differs(draft) {
                so_far.changed += 1;
                changed.push(ChangedOrder {
                    order: order.row.id,
                    name: order.row.name.clone(),
                    placed_at: order.row.placed_at,
                    live: live.into(),
                    draft: draft.into(),
                });
            }
        }
        Ok(Some(changed))
    }
}

/// Reads past orders, page by page.
struct Reader {
    shop: shops::Model,
    period: Period,
    now: DateTime<Utc>,
    book: Book,
    /// The order that was read last.
    read: Option<(DateTime<Utc>, OrderId)>,
    count: u64,
    most: u64,
    /// There are more than that.
    is_cut_off: bool,
}

impl Reader {
    /// The next orders with all that they are decided by; none when there are no more.
    async fn next(&mut self, db: &impl Recall) -> Result<Option<Page>, DbErr> {
        let shop = self.shop.id;
        let period = (self.period.since, self.period.until);
        let left = self.most.saturating_sub(self.count);
        let rows = orders::placed_between(db, shop, period, self.read, left.clamp(1, AT_ONCE)).await?;
        if left == 0 {
            self.is_cut_off = !rows.is_empty();
            return Ok(None);
        }
        let Some(last) = rows.last().map(|last| (last.placed_at, last.id)) else {
            return Ok(None);
        };
        let read = rows.len() as u64;
        self.read = Some(last);
        self.count += read;
        let ids: Vec<OrderId> = rows.iter().map(|order| order.id).collect();
        let mut lines: BTreeMap<OrderId, Vec<order_lines::Model>> = BTreeMap::new();
        for line in order_lines::of_orders(db, shop, &ids).await? {
            lines.entry(line.order_id).or_default().push(line);
        }
        let wanted = lines.values().flatten().filter_map(|line| line.variant_id);
        self.book.learn(db, shop, wanted.collect(), self.now).await?;
        let order = |row: orders::Model| {
            let lines = lines.remove(&row.id).unwrap_or_default();
            PastOrder {
                demands: self.book.demands(&lines),
                facts: rule_facts::of_lines(&self.shop, &row, &lines, row.placed_at),
                day: rule_facts::today(&self.shop, row.placed_at),
                row,
            }
        };
        let orders = rows.into_iter().map(order).filter(|order| !order.demands.is_empty());
        Ok(Some(Page {
            orders: orders.collect(),
            price_lists: Arc::clone(&self.book.price_lists),
            read,
            last,
        }))
    }
}

/// Orders that are decided together.
struct Page {
    orders: Vec<PastOrder>,
    price_lists: Arc<PriceLists>,
    /// How many were read, and the last of them.
    read: u64,
    last: (DateTime<Utc>, OrderId),
}

struct PastOrder {
    row: orders::Model,
    demands: Vec<LineDemand>,
    facts: OrderFacts,
    /// On which it was placed, by the shop's calendar.
    day: NaiveDate,
}

/// What variants are made of.
#[derive(Default)]
struct Book {
    known: BTreeSet<ShopifyVariantId>,
    alternatives: BTreeMap<ShopifyVariantId, Vec<Alternative>>,
    price_lists: Arc<PriceLists>,
}

impl Book {
    /// Reads what is not known yet; forgets all the rest when it is too much.
    async fn learn(
        &mut self,
        db: &impl Recall,
        shop: ShopId,
        wanted: BTreeSet<ShopifyVariantId>,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        if self.known.len() + wanted.len() > MOST_VARIANTS {
            *self = Self::default();
        }
        let new: Vec<ShopifyVariantId> = wanted.difference(&self.known).copied().collect();
        if new.is_empty() {
            return Ok(());
        }
        // What orders of the past have reserved is theirs: none of them is short of its own pieces.
        let all = offers::Model::in_stock;
        let (alternatives, price_lists) = route_order::alternatives(db, shop, new.clone(), all, now).await?;
        self.known.extend(new);
        self.alternatives.extend(alternatives);
        Arc::make_mut(&mut self.price_lists).extend(price_lists);
        Ok(())
    }

    /// What an order asks for as it stands at Shopify.
    fn demands(&self, lines: &[order_lines::Model]) -> Vec<LineDemand> {
        let wanted = lines
            .iter()
            .filter(|line| line.requires_shipping && line.current_quantity > 0);
        wanted
            .map(|line| LineDemand {
                line: line.id,
                units: store::units(line.current_quantity),
                alternatives: line
                    .variant_id
                    .and_then(|variant| self.alternatives.get(&variant).cloned())
                    .unwrap_or_default(),
                excluded: BTreeSet::new(),
                forced_offer: None,
                sku: line.sku.clone(),
                title: line.title.clone(),
            })
            .collect()
    }
}

/// How a shop routes, or would.
#[derive(Default)]
struct Side {
    ground: Option<(shops::Model, Agreed, Vec<DatedRule>)>,
    /// What each supplier got, for shares.
    of_late: OfLate,
}

impl Side {
    fn new(shop: shops::Model, agreed: Agreed, of_late: OfLate) -> Result<Self, DbErr> {
        let rules = rule_facts::dated(&shop)?;
        Ok(Self {
            ground: Some((shop, agreed, rules)),
            of_late,
        })
    }

    /// On a thread of its own: an order's shares depend on those before it.
    async fn decide_all(&mut self, page: &Arc<Page>, now: DateTime<Utc>) -> Result<Vec<Decided>, DbErr> {
        let (mut side, page) = (std::mem::take(self), Arc::clone(page));
        let decide = tokio::task::spawn_blocking(move || {
            let orders = page.orders.iter();
            let decided: Vec<Decided> = orders.map(|order| side.decide(order, &page.price_lists, now)).collect();
            (side, decided)
        });
        let lost =
            |error: tokio::task::JoinError| DbErr::Custom(format!("a comparison did not come to its end: {error}"));
        let (side, decided) = decide.await.map_err(lost)?;
        *self = side;
        Ok(decided)
    }

    fn decide(&mut self, order: &PastOrder, price_lists: &PriceLists, now: DateTime<Utc>) -> Decided {
        let Some((shop, agreed, rules)) = &self.ground else {
            return Decided::nothing();
        };
        let facts = &order.facts;
        let address = order.row.ship_to.as_ref().map(|address| &address.0);
        let destination = address.and_then(|address| address.country_code.clone());
        let settings = &shop.settings.0.routing;
        let agreements = agreed.agreements();
        let model = Terms {
            settings,
            currency: shop.currency,
            agreements: &agreements,
            destination: Destination {
                country: destination.as_deref(),
                province: facts.province.as_deref(),
                postcode: facts.postcode.as_deref(),
            },
            today: rule_facts::today(shop, now),
            // As of its own time.
            had: self.of_late.had(order.row.placed_at, settings),
            effort: Effort {
                detail: Detail::Settled,
                ..Effort::default()
            },
        }
        .model(&order.demands);
        let request = RouteRequest {
            lines: order.demands.clone(),
            price_breaks: cost_facts::price_breaks(price_lists, &order.demands),
            suppliers: agreed.terms(),
            destination,
            strategy: match settings.strategy {
                StrategyWord::Priority => Strategy::Priority,
                _ => Strategy::LeastCost(Box::new(model.clone())),
            },
            known_costs: (settings.strategy == StrategyWord::Priority).then(|| Box::new(model.clone())),
            facts: facts.clone(),
            // Those of its own day, as its hour and weekday are: a rule of last month's counts for its orders.
            rules: rule_facts::of_day(rules, order.day),
        };
        let decided = Decided::of(&request, &routing::route(&request), &model);
        if settings.strategy == StrategyWord::BalancedShare {
            self.of_late.add(order.row.placed_at, &decided.by_supplier);
        }
        decided
    }
}
