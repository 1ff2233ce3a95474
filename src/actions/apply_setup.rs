//! Makes an installation what a setup file says, in one transaction, or says everything that
//! keeps it from that. What the file means is decided in `domain::setup`.
//!
//! The installation is read before the transaction begins, for a large one takes long to read and on `SQLite`
//! nobody else writes meanwhile. What the plan touches is read again inside it, and must still be the same.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, SqlErr};
use secrecy::SecretString;

use super::{
    change_rules::note_change,
    outgoing::secret_place,
    read_setup::{ReadError, ReadSetup, as_alternatives, as_connection, as_offer, read_setup},
    replan_orders,
    revisit_orders::routing_changed,
    save_costs::STRATEGY_CHANGED,
    save_mapping::route_waiting,
    setup_checks, update_shop_settings,
    what_if::{Draft, DraftConnection},
};
use crate::{
    app::App,
    domain::{
        event::Actor,
        mapping::Validity,
        setup::{
            self, Change, Plan, Problem,
            model::{Alternative, Connection, Offer, SupplierTerms},
            plan::{Step, Unnamed},
        },
        supplier::SupplierKey,
    },
    ids::{AlternativeId, ConnectionId, MappingId, OfferId, RowId, ShopId, ShopifyVariantId, SupplierId},
    seal::{Keyring, SealError},
    store::{
        self, Tx, columns::Json, connections, mapping_components, mappings, match_proposals, offers, shops, suppliers,
    },
};

/// Who did it, in histories.
const SETUP_FILE: &str = "Setup file";

/// How to apply.
#[derive(Clone, Copy, Debug)]
pub struct ApplyOptions {
    /// Only say what would change.
    pub dry_run: bool,
    pub unnamed: Unnamed,
}

/// Why a file was not applied; nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("{} in the file", counted(.0.len()))]
    File(Vec<Problem>),
    #[error("name the shop: the file has {0} of them")]
    WhichShop(usize),
    #[error("the shop {0} has not installed Orderyard")]
    NoShop(String),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{0} was changed by somebody else meanwhile: apply the file again")]
    Changed(String),
    #[error("a supplier's secret cannot be sealed: {0}")]
    Seal(#[from] SealError),
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
}

fn counted(problems: usize) -> String {
    match problems {
        1 => "one mistake".to_owned(),
        many => format!("{many} mistakes"),
    }
}

/// How often the installation is read, when others change what the file changes.
const MOST_TRIES: u32 = 3;

/// Applies a setup file and returns what changed (or would).
pub async fn apply_setup(app: &App, file: &str, options: ApplyOptions) -> Result<Vec<Change>, ApplyError> {
    let setup = setup::read(file).map_err(ApplyError::File)?;
    let mut tries = 1;
    loop {
        let read = read_setup(app.db.read(), &app.keyring, app.clock.now()).await?;
        let plan = setup::plan::plan(&setup, &read.installation, options.unnamed).map_err(ApplyError::File)?;
        setup_checks::targets(app, &setup, &plan)
            .and_then(|()| setup_checks::rules(&setup))
            .and_then(|()| setup_checks::counts(&setup, app.clock.now()))
            .map_err(ApplyError::File)?;
        if options.dry_run || plan.changes.is_empty() {
            return Ok(plan.changes);
        }
        match write(app, read, &plan).await {
            Err(error) if tries < MOST_TRIES && is_changed(&error) => tries += 1,
            written => return written.map(|()| plan.changes),
        }
    }
}

/// Whether the plan was made from what is not so any more, or what it adds is there by now.
fn is_changed(error: &ApplyError) -> bool {
    match error {
        ApplyError::Changed(_) => true,
        ApplyError::Database(cause) => matches!(cause.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))),
        _ => false,
    }
}

async fn write(app: &App, read: ReadSetup, plan: &Plan) -> Result<(), ApplyError> {
    let tx = app.db.begin().await?;
    let mut writer = Writer {
        tx: &tx,
        keyring: &app.keyring,
        read,
        now: app.clock.now(),
        told_meanwhile: BTreeSet::new(),
    };
    writer.lock_offers(plan).await?;
    for change in &plan.changes {
        writer.step(&change.step).await?;
    }
    writer.replan(plan).await?;
    Ok(tx.commit().await?)
}

/// What a setup file would make of the way in which a shop routes.
#[derive(Debug)]
pub struct Drafted {
    pub domain: String,
    pub draft: Draft,
    /// What else it would change, which a comparison does not count.
    pub not_counted: Vec<Change>,
}

/// Reads a draft. Nothing is applied.
pub async fn draft(app: &App, file: &str, shop: Option<&str>) -> Result<Drafted, ApplyError> {
    let setup = setup::read(file).map_err(ApplyError::File)?;
    let read = read_setup(app.db.read(), &app.keyring, app.clock.now()).await?;
    let plan = setup::plan::plan(&setup, &read.installation, Unnamed::Keep).map_err(ApplyError::File)?;
    setup_checks::rules(&setup).map_err(ApplyError::File)?;
    let domain = match (shop, setup.shops.as_slice()) {
        (Some(domain), _) => domain.to_ascii_lowercase(),
        (None, [one]) => one.domain.clone(),
        (None, shops) => return Err(ApplyError::WhichShop(shops.len())),
    };
    let after = plan.after.shops.get(&domain);
    let after = after.ok_or_else(|| ApplyError::NoShop(domain.clone()))?;
    setup_checks::connected(&setup, &read.installation, &domain).map_err(ApplyError::File)?;
    let connections = after.connections.iter().filter_map(|(key, wanted)| {
        let drafted = DraftConnection {
            priority: wanted.priority,
            price_tolerance_bp: wanted.price_tolerance_bp,
            handling_days: wanted.handling_days,
            service: wanted.service.clone(),
            active: wanted.active,
            costs: wanted.costs.clone(),
        };
        Some((read.suppliers.get(key)?.id, drafted))
    });
    let draft = Draft {
        connections: connections.collect(),
        settings: Some(after.settings.clone()),
    };
    let is_counted = |change: &Change| match &change.step {
        Step::Connection { domain: of, .. } | Step::Settings { domain: of, .. } => *of == domain,
        Step::Supplier { .. } | Step::Offer { .. } | Step::Mapping { .. } => false,
    };
    let not_counted = plan.changes.into_iter().filter(|change| !is_counted(change));
    Ok(Drafted {
        not_counted: not_counted.collect(),
        domain,
        draft,
    })
}

struct Writer<'a> {
    tx: &'a Tx,
    keyring: &'a Keyring,
    read: ReadSetup,
    now: DateTime<Utc>,
    /// Offers whose stock was told after the plan was made: that is newer than the file.
    told_meanwhile: BTreeSet<OfferId>,
}

impl Writer<'_> {
    async fn step(&mut self, step: &Step) -> Result<(), ApplyError> {
        match step {
            Step::Supplier { key, terms } => self.supplier(key, terms).await,
            Step::Offer {
                supplier,
                sku,
                offer,
                counted_at,
            } => Ok(self.offer(supplier, sku, offer, *counted_at).await?),
            Step::Settings { domain, settings } => {
                // Read again under the lock: a token may have been refreshed since the plan was made.
                let id = self.shop(domain)?.id;
                let mut row = shops::lock(self.tx, id).await?.ok_or_else(|| gone("shop", domain))?;
                let before = std::mem::replace(&mut row.settings, Json(settings.clone())).0;
                same(before == self.shop(domain)?.settings.0, || {
                    format!("the settings of {domain}")
                })?;
                store::save(self.tx, row.clone())?;
                if before.rules != settings.rules {
                    let what = "Applied from the setup file".to_owned();
                    let actor = Actor::Staff(SETUP_FILE.to_owned());
                    note_change(self.tx, id, &settings.rules, what, &actor, self.now).await?;
                }
                if before.routing != settings.routing {
                    routing_changed(self.tx, id, STRATEGY_CHANGED, SETUP_FILE.to_owned(), self.now)?;
                }
                self.read.shops.insert(domain.clone(), row);
                update_shop_settings::revisit(self.tx, id, &before, settings, self.now.timestamp_millis())?;
                Ok(())
            }
            Step::Connection {
                domain,
                supplier,
                connection,
            } => self.connection(domain, supplier, connection).await,
            Step::Mapping {
                domain,
                variant,
                alternatives,
            } => self.mapping(domain, *variant, alternatives).await,
        }
    }

    /// Other stock or prices may make a better plan of what was not sent.
    async fn replan(&self, plan: &Plan) -> Result<(), DbErr> {
        let mut changed = BTreeSet::new();
        for change in &plan.changes {
            if let Step::Offer { supplier, .. } = &change.step {
                changed.insert(self.supplier_id(supplier)?);
            }
        }
        for supplier in changed {
            replan_orders::of_supplier(self.tx, supplier, self.now.timestamp_millis()).await?;
        }
        Ok(())
    }

    /// All at once and in one order, as everybody locks offers.
    async fn lock_offers(&mut self, plan: &Plan) -> Result<(), ApplyError> {
        let named = plan.changes.iter().flat_map(|change| named_offers(&change.step));
        let stored = named.filter_map(|(supplier, sku)| {
            let place = (self.read.suppliers.get(supplier)?.id, sku.clone());
            Some(self.read.offers.get(&place)?.id)
        });
        let stored: BTreeSet<OfferId> = stored.collect();
        for offer in offers::lock(self.tx, stored.into_iter().collect()).await? {
            let (id, sku, counted_at, now) = (offer.id, offer.sku.clone(), offer.counted_at, as_offer(&offer));
            let before = (self.read.offers).insert((offer.supplier_id, offer.sku.clone()), offer);
            let Some(before) = before else { continue };
            if before.counted_at != counted_at {
                self.told_meanwhile.insert(id);
            }
            let but_for_stock = Offer {
                stock: now.stock,
                counted_at: now.counted_at,
                ..as_offer(&before)
            };
            same(but_for_stock == now, || format!("the offer {sku}"))?;
        }
        Ok(())
    }

    async fn supplier(&mut self, key: &SupplierKey, terms: &SupplierTerms) -> Result<(), ApplyError> {
        let stored = self.read.suppliers.get(key).cloned();
        if let Some(row) = &stored {
            let now = suppliers::by_id(self.tx.conn(), row.id).await?;
            same(now.as_ref() == Some(row), || format!("the supplier {key}"))?;
        }
        let id = stored.as_ref().map_or_else(SupplierId::generate, |row| row.id);
        let secret = (terms.secret.as_ref())
            .map(|secret| {
                self.keyring
                    .seal(&SecretString::from(secret.0.clone()), &secret_place(id))
            })
            .transpose()?;
        let owner = terms
            .owner
            .as_deref()
            .map(|domain| self.shop(domain))
            .transpose()?
            .map(|shop| shop.id);
        let row = suppliers::Model {
            id,
            key: key.to_string(),
            shop_id: owner,
            name: terms.name.clone(),
            connector: terms.connector,
            currency: terms.currency,
            endpoint: terms.endpoint.clone(),
            secret,
            created_at: stored.as_ref().map_or(self.now, |row| row.created_at),
        };
        if stored.is_some() {
            store::save(self.tx, row.clone())?;
        } else {
            store::insert(self.tx, row.clone())?;
        }
        self.read.suppliers.insert(key.clone(), row);
        Ok(())
    }

    async fn offer(
        &mut self,
        supplier: &SupplierKey,
        sku: &str,
        offer: &Offer,
        counted_at: Option<DateTime<Utc>>,
    ) -> Result<(), DbErr> {
        let supplier = self.supplier_id(supplier)?;
        let place = (supplier, sku.to_owned());
        let stored = self.read.offers.get(&place).cloned();
        let wanted = offer.stock.map(store::column);
        let (stock, as_of) = match &stored {
            Some(row) if self.told_meanwhile.contains(&row.id) => (row.stock, row.counted_at),
            // Another number is as of now, unless it says of when.
            Some(row) if row.stock != wanted => (wanted, counted_at.or(Some(self.now))),
            Some(row) => (wanted, counted_at.or(row.counted_at)),
            None => (wanted, counted_at),
        };
        let row = offers::Model {
            id: stored.as_ref().map_or_else(OfferId::generate, |row| row.id),
            supplier_id: supplier,
            sku: sku.to_owned(),
            barcode: offer.barcode.clone(),
            title: offer.title.clone(),
            cost_minor: offer.cost.amount_minor,
            currency: offer.cost.currency,
            stock,
            counted_at: as_of,
            reserved: stored.as_ref().map_or(0, |row| row.reserved),
            weight_g: offer.weight_g.map(store::column),
            goods: Json(offer.goods.clone()),
            ships_to: Json(offer.ships_to.iter().cloned().collect()),
            price_breaks: Json(offer.price_breaks.clone()),
            active: offer.active,
            updated_at: self.now,
        };
        offers::put(self.tx, stored.as_ref(), &row)?;
        if let Some(before) = stored {
            super::put_inventory::told_by_hand(self.tx, &before, &row, counted_at).await?;
        }
        self.read.offers.insert(place, row);
        Ok(())
    }

    async fn connection(&mut self, domain: &str, key: &SupplierKey, wanted: &Connection) -> Result<(), ApplyError> {
        let shop = self.shop(domain)?.id;
        let supplier = self.supplier_id(key)?;
        let stored = connections::with_suppliers(self.tx.conn(), shop, vec![supplier])
            .await?
            .pop();
        let read = self.read.installation.shops.get(domain);
        let before = read.and_then(|shop| shop.connections.get(key));
        same(stored.as_ref().map(as_connection).as_ref() == before, || {
            format!("the agreement of {domain} with {key}")
        })?;
        let row = connections::Model {
            id: stored.as_ref().map_or_else(ConnectionId::generate, |row| row.id),
            shop_id: shop,
            supplier_id: supplier,
            priority: wanted.priority,
            price_tolerance_bp: store::column(wanted.price_tolerance_bp),
            handling_days: store::column(wanted.handling_days),
            answer_hours: store::column(wanted.answer_hours),
            service: Json(wanted.service.clone()),
            active: wanted.active,
            costs: wanted.costs.clone().map(Json),
            on_time_bp: stored.as_ref().and_then(|row| row.on_time_bp),
            created_at: stored.as_ref().map_or(self.now, |row| row.created_at),
        };
        if stored.is_some() {
            store::save(self.tx, row)?;
        } else {
            store::insert(self.tx, row)?;
        }
        let name = self
            .read
            .suppliers
            .values()
            .find(|row| row.id == supplier)
            .map_or("a supplier", |row| row.name.as_str());
        let what = format!("The agreement with {name} was changed");
        Ok(routing_changed(self.tx, shop, &what, SETUP_FILE.to_owned(), self.now)?)
    }

    async fn mapping(
        &mut self,
        domain: &str,
        variant: ShopifyVariantId,
        alternatives: &[Alternative],
    ) -> Result<(), ApplyError> {
        let shop = self.shop(domain)?.id;
        let stored = mappings::of_variants(self.tx.conn(), shop, vec![variant]).await?.pop();
        let ids = stored.iter().map(|row| row.id).collect();
        let components = mapping_components::of_mappings(self.tx.conn(), shop, ids).await?;
        let now = as_alternatives(&components, &self.read.names);
        let read = self.read.installation.shops.get(domain);
        let before = read.and_then(|shop| shop.mappings.get(&variant));
        // Prices may have been accepted meanwhile.
        same(before.map_or(&[][..], Vec::as_slice) == now, || {
            format!("the mapping of variant {variant} of {domain}")
        })?;
        if let Some(row) = &stored {
            mapping_components::remove(self.tx, shop, row.id).await?;
        }
        if alternatives.is_empty() {
            if let Some(row) = stored {
                mappings::remove(self.tx, shop, row.id).await?;
            }
            return Ok(());
        }
        let row = mappings::Model {
            id: stored.as_ref().map_or_else(MappingId::generate, |row| row.id),
            shop_id: shop,
            variant_id: variant,
            updated_at: self.now,
        };
        let id = row.id;
        match_proposals::remove_open(self.tx, shop, &[variant]);
        if stored.is_some() {
            store::save(self.tx, row)?;
        } else {
            store::insert(self.tx, row)?;
        }
        store::insert_all(self.tx, self.components(shop, id, alternatives)?)?;
        let days: Vec<Validity> = alternatives.iter().map(|alternative| alternative.validity).collect();
        let by = Actor::Staff(SETUP_FILE.to_owned());
        Ok(route_waiting(self.tx, shop, variant, &days, &by, self.now)?)
    }

    fn components(
        &self,
        shop: ShopId,
        mapping: MappingId,
        alternatives: &[Alternative],
    ) -> Result<Vec<mapping_components::Model>, DbErr> {
        let mut rows = Vec::new();
        for (rank, alternative) in (1..).zip(alternatives) {
            let alternative_id = AlternativeId::generate();
            for (position, component) in (0..).zip(&alternative.components) {
                let place = (self.supplier_id(&component.supplier)?, component.sku.clone());
                let offer = self
                    .read
                    .offers
                    .get(&place)
                    .ok_or_else(|| gone("offer", &component.sku))?;
                rows.push(mapping_components::Model {
                    id: RowId::generate(),
                    shop_id: shop,
                    mapping_id: mapping,
                    alternative_id,
                    rank,
                    position,
                    offer_id: offer.id,
                    quantity: store::column(component.quantity),
                    accepted_cost_minor: component.accepted_cost.amount_minor,
                    currency: component.accepted_cost.currency,
                    valid_from: alternative.validity.from,
                    valid_until: alternative.validity.until,
                });
            }
        }
        Ok(rows)
    }

    fn shop(&self, domain: &str) -> Result<&shops::Model, DbErr> {
        self.read.shops.get(domain).ok_or_else(|| gone("shop", domain))
    }

    fn supplier_id(&self, key: &SupplierKey) -> Result<SupplierId, DbErr> {
        let row = self.read.suppliers.get(key);
        row.map(|row| row.id).ok_or_else(|| gone("supplier", key.as_str()))
    }
}

/// The offers that a step changes, or takes the prices of.
fn named_offers(step: &Step) -> Vec<(&SupplierKey, &String)> {
    match step {
        Step::Offer { supplier, sku, .. } => vec![(supplier, sku)],
        Step::Mapping { alternatives, .. } => {
            let components = alternatives.iter().flat_map(|alternative| &alternative.components);
            components
                .map(|component| (&component.supplier, &component.sku))
                .collect()
        }
        Step::Supplier { .. } | Step::Settings { .. } | Step::Connection { .. } => Vec::new(),
    }
}

/// What the plan was made from must still be so.
fn same(is_same: bool, what: impl FnOnce() -> String) -> Result<(), ApplyError> {
    if is_same {
        Ok(())
    } else {
        Err(ApplyError::Changed(what()))
    }
}

/// The plan names only what was read or comes before in it, so this does not happen.
fn gone(what: &str, name: &str) -> DbErr {
    DbErr::RecordNotFound(format!("{what} {name}"))
}
