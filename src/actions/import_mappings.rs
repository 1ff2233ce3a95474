//! Takes mappings from a table: what is right is saved, what is wrong is told row by row.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};

use super::{
    accept_matches::{TOGETHER, route_mapped},
    save_mapping::{self, NewAlternative, NewComponent},
};
use crate::{
    app::App,
    domain::{
        event::Actor,
        mapping_csv::{self, Entry, Row, RowError, VariantName},
    },
    error::AppError,
    ids::{OfferId, ShopId, ShopifyVariantId, SupplierId},
    store::{Recall, connections, offers, suppliers, variants},
};

/// Variants in one transaction.
const CHUNK: usize = 200;
/// Errors that are told; the rest is counted.
const MOST_ERRORS: usize = 500;

/// What became of a file.
#[derive(Debug, Default)]
pub struct Imported {
    /// Rows in the file.
    pub rows: usize,
    /// Variants that are mapped as the file says, or would be.
    pub variants: usize,
    pub errors: Vec<RowError>,
    /// Errors that are not among those told.
    pub more_errors: usize,
}

/// Reads a file and maps what it says. On a dry run nothing is saved.
pub async fn import_mappings(
    app: &App,
    shop: ShopId,
    bytes: &[u8],
    dry_run: bool,
    actor: &Actor,
) -> Result<Imported, AppError> {
    let table = mapping_csv::read(bytes).map_err(|error| AppError::Invalid {
        field: None,
        message: error.to_string(),
    })?;
    let mut done = Imported {
        rows: table.rows,
        errors: table.errors,
        ..Imported::default()
    };
    let suppliers = suppliers_of(app.db.read(), shop).await?;
    // Before anything is saved: the rows of a variant may stand anywhere, by its id and again by its SKU.
    let names = Names::read(app.db.read(), shop, &table.entries, &table.bad).await?;
    for chunk in table.entries.chunks(CHUNK) {
        let now = app.clock.now();
        let found = Found::read(app.db.read(), chunk, &suppliers).await?;
        let mut wanted = Vec::new();
        for entry in chunk {
            match found.meaning(entry, names.variant(entry)) {
                Ok(mapping) => wanted.push(mapping),
                Err(errors) => done.errors.extend(errors),
            }
        }
        done.variants += wanted.len();
        if !dry_run && !wanted.is_empty() {
            save(app, shop, wanted, &found.offers, now, actor).await?;
        }
    }
    done.errors.sort_by_key(|error| error.line);
    done.more_errors = done.errors.len().saturating_sub(MOST_ERRORS);
    done.errors.truncate(MOST_ERRORS);
    Ok(done)
}

type Wanted = (ShopifyVariantId, Vec<NewAlternative>);

async fn save(
    app: &App,
    shop: ShopId,
    wanted: Vec<Wanted>,
    offers: &HashMap<OfferId, offers::Model>,
    now: DateTime<Utc>,
    actor: &Actor,
) -> Result<(), AppError> {
    let tx = app.db.begin().await?;
    for (variant, alternatives) in &wanted {
        let later = save_mapping::days(alternatives);
        let later: Vec<_> = later
            .into_iter()
            .filter(|days| days.begins_after(now).is_some())
            .collect();
        save_mapping::route_waiting(&tx, shop, *variant, &later, actor, now)?;
    }
    save_mapping::write_many(&tx, shop, wanted, offers, now).await?;
    route_mapped(&tx, shop, actor.to_string(), now, TOGETHER)?;
    Ok(tx.commit().await?)
}

/// The suppliers with whom the shop has a connection, by key.
async fn suppliers_of(db: &impl Recall, shop: ShopId) -> Result<BTreeMap<String, SupplierId>, DbErr> {
    let connections = connections::of_shop(db, shop).await?;
    let ids = connections
        .into_iter()
        .map(|connection| connection.supplier_id)
        .collect();
    let rows = suppliers::by_ids(db, ids).await?;
    Ok(rows.into_iter().map(|row| (row.key, row.id)).collect())
}

/// Which variants the whole file names, and on which lines.
#[derive(Default)]
struct Names {
    by_name: BTreeMap<VariantName, Vec<ShopifyVariantId>>,
    /// Where a variant's entries begin: more than one where it is named in two ways.
    entries: HashMap<ShopifyVariantId, Vec<u64>>,
    /// A row that is wrong.
    bad: HashMap<ShopifyVariantId, u64>,
}

impl Names {
    async fn read(
        db: &impl ConnectionTrait,
        shop: ShopId,
        entries: &[Entry],
        bad: &BTreeMap<VariantName, u64>,
    ) -> Result<Self, DbErr> {
        let mut names = Self::default();
        let all: Vec<&VariantName> = entries.iter().map(|entry| &entry.variant).chain(bad.keys()).collect();
        for chunk in all.chunks(CHUNK) {
            names.look_up(db, shop, chunk).await?;
        }
        for entry in entries {
            for variant in names.by_name.get(&entry.variant).into_iter().flatten() {
                names.entries.entry(*variant).or_default().push(entry.line());
            }
        }
        for (name, line) in bad {
            let variants = names.by_name.get(name).into_iter().flatten();
            names.bad.extend(variants.map(|variant| (*variant, *line)));
        }
        Ok(names)
    }

    async fn look_up(&mut self, db: &impl ConnectionTrait, shop: ShopId, names: &[&VariantName]) -> Result<(), DbErr> {
        let (mut ids, mut skus) = (Vec::new(), Vec::new());
        for name in names {
            match name {
                VariantName::Id(id) => ids.push(ShopifyVariantId(*id)),
                VariantName::Sku(sku) => skus.push(sku.clone()),
            }
        }
        let living = variants::by_ids(db, shop, &ids).await?.into_iter();
        for variant in living.filter(|variant| variant.deleted_at.is_none()) {
            let same = self.by_name.entry(VariantName::Id(variant.id.0)).or_default();
            same.push(variant.id);
        }
        for (sku, id) in variants::with_skus(db, shop, &skus).await? {
            self.by_name.entry(VariantName::Sku(sku)).or_default().push(id);
        }
        Ok(())
    }

    /// The variant that an entry is about, if it is about all that the file says of it.
    fn variant(&self, entry: &Entry) -> Result<ShopifyVariantId, RowError> {
        let refuse = |field, message| Err(wrong(entry.line(), field, message));
        let (field, unknown, several) = match &entry.variant {
            VariantName::Id(id) => ("variant_id", id.to_string(), String::new()),
            VariantName::Sku(sku) => (
                "variant_sku",
                format!("with the SKU “{sku}”"),
                format!("several variants have the SKU “{sku}”: name one by its id"),
            ),
        };
        let variant = match self.by_name.get(&entry.variant).map(Vec::as_slice) {
            Some([only]) => *only,
            Some([_, _, ..]) => return refuse(field, several),
            _ => return refuse(field, format!("the shop has no variant {unknown}")),
        };
        let mut entries = self.entries.get(&variant).into_iter().flatten();
        if let Some(line) = entries.find(|line| **line != entry.line()) {
            let message = format!("row {line} names this variant in another way: name it by its id or by its SKU");
            return refuse(field, message);
        }
        match self.bad.get(&variant) {
            Some(line) => refuse(field, format!("row {line} is about this variant too, and wrong")),
            None => Ok(variant),
        }
    }
}

/// What a chunk of the file is made of.
struct Found<'a> {
    suppliers: &'a BTreeMap<String, SupplierId>,
    offers: HashMap<OfferId, offers::Model>,
    offer_ids: HashMap<(SupplierId, String), OfferId>,
}

impl<'a> Found<'a> {
    async fn read(
        db: &impl ConnectionTrait,
        chunk: &[Entry],
        suppliers: &'a BTreeMap<String, SupplierId>,
    ) -> Result<Self, DbErr> {
        let mut named: BTreeMap<SupplierId, Vec<String>> = BTreeMap::new();
        for row in chunk.iter().flat_map(|entry| &entry.alternatives).flatten() {
            if let Some(supplier) = suppliers.get(&row.supplier) {
                named.entry(*supplier).or_default().push(row.offer_sku.clone());
            }
        }
        let mut offers = HashMap::new();
        for (supplier, mut skus) in named {
            skus.sort_unstable();
            skus.dedup();
            let rows = offers::by_skus(db, supplier, skus).await?;
            offers.extend(rows.into_iter().map(|offer| (offer.id, offer)));
        }
        let offer_ids = offers
            .values()
            .map(|offer| ((offer.supplier_id, offer.sku.clone()), offer.id));
        Ok(Self {
            suppliers,
            offer_ids: offer_ids.collect(),
            offers,
        })
    }

    /// The mapping that an entry means, or all that is wrong with it.
    fn meaning(&self, entry: &Entry, variant: Result<ShopifyVariantId, RowError>) -> Result<Wanted, Vec<RowError>> {
        let (variant, mut errors) = match variant {
            Ok(variant) => (Some(variant), Vec::new()),
            Err(error) => (None, vec![error]),
        };
        let mut alternatives = Vec::new();
        for rows in &entry.alternatives {
            let mut components = Vec::new();
            for row in rows {
                match self.component(row) {
                    Ok(component) => components.push(component),
                    Err(error) => errors.push(error),
                }
            }
            alternatives.push(NewAlternative {
                components,
                validity: rows.first().map(|row| row.validity).unwrap_or_default(),
            });
        }
        if errors.is_empty()
            && let Err(AppError::Invalid { message, .. }) = save_mapping::check_counts(&alternatives)
        {
            errors.push(wrong(entry.line(), "alternative", message));
        }
        match variant {
            Some(variant) if errors.is_empty() => Ok((variant, alternatives)),
            _ => Err(errors),
        }
    }

    fn component(&self, row: &Row) -> Result<NewComponent, RowError> {
        let unknown = || {
            let message = format!("the shop has no connection with a supplier “{}”", row.supplier);
            wrong(row.line, "supplier", message)
        };
        let supplier = self.suppliers.get(&row.supplier).ok_or_else(unknown)?;
        let offer = self.offer_ids.get(&(*supplier, row.offer_sku.clone()));
        let offer = offer.and_then(|id| self.offers.get(id)).ok_or_else(|| {
            let message = format!("{} has no offer “{}”", row.supplier, row.offer_sku);
            wrong(row.line, "offer_sku", message)
        })?;
        if let Some(accepted) = row.accepted {
            if accepted.currency != offer.currency {
                let message = format!("the offer is in {}", offer.currency.code());
                return Err(wrong(row.line, "currency", message));
            }
            if accepted.amount_minor > save_mapping::MOST_COST_MINOR {
                return Err(wrong(
                    row.line,
                    "accepted_cost",
                    "this is beyond all measure".to_owned(),
                ));
            }
        }
        Ok(NewComponent {
            offer: offer.id,
            quantity: row.quantity,
            accepted: row.accepted,
        })
    }
}

const fn wrong(line: u64, field: &'static str, message: String) -> RowError {
    RowError { line, field, message }
}
