//! What bears on the cost of an order: agreements, price lists, and what each supplier
//! had of late. What follows from it is for `routing::owner`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};

use super::rule_facts;
use crate::{
    domain::costs::{Destination, MOST_SHARE_ORDERS, PriceBreak, StrategyWord},
    ids::{OfferId, OrderId, ShopId, SupplierId},
    routing::{
        LineDemand, RouteRequest, Strategy, SupplierTerms,
        owner::{Agreement, Terms},
        terms::{CostModel, Effort, PriceBreaks},
    },
    store::{self, Recall, connections, purchase_orders, shops, suppliers},
};

/// The price lists of offers that have one.
pub type PriceLists = BTreeMap<OfferId, Vec<PriceBreak>>;

/// Those of the offers that may serve some lines.
pub fn price_breaks(lists: &PriceLists, lines: &[LineDemand]) -> Vec<PriceBreaks> {
    let ways = lines.iter().flat_map(|line| &line.alternatives);
    let offers: BTreeSet<OfferId> = ways.flat_map(|way| &way.components).map(|part| part.offer.id).collect();
    let list = |offer: OfferId| {
        let breaks = lists.get(&offer)?.clone();
        Some(PriceBreaks { offer, breaks })
    };
    offers.into_iter().filter_map(list).collect()
}

/// Takes out of a request's shares what its order has already: to whoever asks what would be decided if the order
/// came in now, it has nothing.
pub async fn leave_out_of_shares(
    db: &impl ConnectionTrait,
    shop: &shops::Model,
    order: OrderId,
    request: &mut RouteRequest,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let Strategy::LeastCost(model) = &mut request.strategy else {
        return Ok(());
    };
    let shares = &mut model.preferences.balance;
    if shares.is_empty() {
        return Ok(());
    }
    let since = shop.settings.0.routing.shares_since(now);
    let had = purchase_orders::pieces_of_late_for(db, shop.id, order, since, MOST_SHARE_ORDERS.into()).await?;
    for share in shares {
        let own = had.get(&share.supplier).copied().unwrap_or(0);
        share.pieces = share.pieces.saturating_sub(own);
    }
    Ok(())
}

/// A shop's agreements with some suppliers.
#[derive(Clone)]
pub struct Agreed {
    connections: Vec<connections::Model>,
    suppliers: Vec<suppliers::Model>,
}

impl Agreed {
    pub async fn read(db: &impl Recall, shop: ShopId, ids: Vec<SupplierId>) -> Result<Self, DbErr> {
        Ok(Self {
            connections: connections::with_suppliers(db, shop, ids.clone()).await?,
            suppliers: suppliers::by_ids(db, ids).await?,
        })
    }

    /// All of a shop's.
    pub async fn of_shop(db: &impl Recall, shop: ShopId) -> Result<Self, DbErr> {
        let connections = connections::of_shop(db, shop).await?;
        let ids = connections.iter().map(|row| row.supplier_id).collect();
        Ok(Self {
            suppliers: suppliers::by_ids(db, ids).await?,
            connections,
        })
    }

    /// Changes what is agreed, to see what would follow.
    pub fn redraft(&mut self, change: impl Fn(SupplierId, &mut connections::Model)) {
        for row in &mut self.connections {
            change(row.supplier_id, row);
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (&connections::Model, &suppliers::Model)> {
        self.connections.iter().filter_map(|connection| {
            let mut suppliers = self.suppliers.iter();
            let supplier = suppliers.find(|supplier| supplier.id == connection.supplier_id)?;
            Some((connection, supplier))
        })
    }

    /// What is agreed besides costs.
    pub fn terms(&self) -> Vec<SupplierTerms> {
        let terms = |(connection, supplier): (&connections::Model, &suppliers::Model)| SupplierTerms {
            id: supplier.id,
            key: supplier.key.clone(),
            name: supplier.name.clone(),
            priority: store::units(connection.priority),
            active: connection.active,
            price_tolerance_bp: store::units(connection.price_tolerance_bp),
            handling_days: store::units(connection.handling_days),
            service: connection.service.0.clone(),
        };
        self.pairs().map(terms).collect()
    }

    /// The shop's strategy for an order of these lines.
    pub async fn strategy(
        &self,
        db: &impl ConnectionTrait,
        shop: &shops::Model,
        lines: &[LineDemand],
        destination: Destination<'_>,
        now: DateTime<Utc>,
    ) -> Result<Strategy, DbErr> {
        let settings = &shop.settings.0.routing;
        let had = if settings.strategy == StrategyWord::BalancedShare {
            purchase_orders::pieces_of_late(db, shop.id, settings.shares_since(now), MOST_SHARE_ORDERS.into()).await?
        } else {
            BTreeMap::new()
        };
        let agreements = self.agreements();
        let terms = terms_of(shop, &agreements, &had, destination, now);
        Ok(terms.strategy(lines))
    }

    /// What is known of what an order of these lines costs, whatever decides about it; none where nothing is.
    pub fn known_costs(
        &self,
        shop: &shops::Model,
        lines: &[LineDemand],
        destination: Destination<'_>,
        now: DateTime<Utc>,
    ) -> Option<CostModel> {
        let (agreements, had) = (self.agreements(), BTreeMap::new());
        let is_known = agreements.iter().any(|with| with.costs.is_some());
        is_known.then(|| terms_of(shop, &agreements, &had, destination, now).model(lines))
    }

    /// What is agreed about costs.
    pub fn agreements(&self) -> Vec<Agreement<'_>> {
        self.pairs()
            .map(|(connection, supplier)| Agreement {
                supplier: supplier.id,
                key: &supplier.key,
                costs: connection.costs.as_ref().map(|costs| &costs.0),
                on_time_bp: connection.on_time_bp.map(store::units),
            })
            .collect()
    }
}

fn terms_of<'a>(
    shop: &'a shops::Model,
    agreements: &'a [Agreement<'a>],
    had: &'a BTreeMap<SupplierId, u32>,
    destination: Destination<'a>,
    now: DateTime<Utc>,
) -> Terms<'a> {
    Terms {
        settings: &shop.settings.0.routing,
        currency: shop.currency,
        agreements,
        destination,
        today: rule_facts::today(shop, now),
        had,
        effort: Effort::default(),
    }
}
