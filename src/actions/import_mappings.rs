//! Takes mappings from a table: what is right is saved, what is wrong is told row by row.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};

use super::{
    accept_matches::route_mapped,
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
    // A variant may stand in the file by its id and again by its SKU.
    let mut seen: HashMap<ShopifyVariantId, u64> = HashMap::new();
    for chunk in table.entries.chunks(CHUNK) {
        let now = app.clock.now();
        let found = Found::read(app.db.read(), shop, chunk, &suppliers).await?;
        let mut wanted = Vec::new();
        for entry in chunk {
            match found.meaning(entry, &mut seen) {
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
    route_mapped(&tx, shop, actor.to_string(), now)?;
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

/// What a chunk of the file names.
struct Found<'a> {
    suppliers: &'a BTreeMap<String, SupplierId>,
    by_id: HashMap<ShopifyVariantId, variants::Model>,
    by_sku: HashMap<String, Vec<ShopifyVariantId>>,
    offers: HashMap<OfferId, offers::Model>,
    offer_ids: HashMap<(SupplierId, String), OfferId>,
}

impl<'a> Found<'a> {
    async fn read(
        db: &impl ConnectionTrait,
        shop: ShopId,
        chunk: &[Entry],
        suppliers: &'a BTreeMap<String, SupplierId>,
    ) -> Result<Self, DbErr> {
        let (mut ids, mut skus) = (Vec::new(), Vec::new());
        for entry in chunk {
            match &entry.variant {
                VariantName::Id(id) => ids.push(ShopifyVariantId(*id)),
                VariantName::Sku(sku) => skus.push(sku.clone()),
            }
        }
        let by_id = variants::by_ids(db, shop, &ids).await?.into_iter();
        let mut by_sku: HashMap<String, Vec<ShopifyVariantId>> = HashMap::new();
        for (sku, id) in variants::with_skus(db, shop, &skus).await? {
            by_sku.entry(sku).or_default().push(id);
        }
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
            by_id: by_id.map(|variant| (variant.id, variant)).collect(),
            by_sku,
            offer_ids: offer_ids.collect(),
            offers,
        })
    }

    /// The mapping that an entry means, or all that is wrong with it.
    fn meaning(&self, entry: &Entry, seen: &mut HashMap<ShopifyVariantId, u64>) -> Result<Wanted, Vec<RowError>> {
        let mut errors = Vec::new();
        let variant = self.variant(entry);
        if let Err(error) = &variant {
            errors.push(error.clone());
        }
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
        if let Ok(variant) = &variant
            && let Some(line) = seen.insert(*variant, entry.line())
        {
            let message = format!("this variant stands in row {line} already");
            errors.push(wrong(entry.line(), "variant_sku", message));
        }
        match variant {
            Ok(variant) if errors.is_empty() => Ok((variant, alternatives)),
            _ => Err(errors),
        }
    }

    fn variant(&self, entry: &Entry) -> Result<ShopifyVariantId, RowError> {
        match &entry.variant {
            VariantName::Id(id) => {
                let known = self.by_id.get(&ShopifyVariantId(*id));
                let living = known.filter(|variant| variant.deleted_at.is_none());
                let unknown = || wrong(entry.line(), "variant_id", format!("the shop has no variant {id}"));
                living.map(|variant| variant.id).ok_or_else(unknown)
            }
            VariantName::Sku(sku) => match self.by_sku.get(sku).map(Vec::as_slice) {
                Some([only]) => Ok(*only),
                Some([_, _, ..]) => {
                    let message = format!("several variants have the SKU “{sku}”: name one by its id");
                    Err(wrong(entry.line(), "variant_sku", message))
                }
                _ => {
                    let message = format!("the shop has no variant with the SKU “{sku}”");
                    Err(wrong(entry.line(), "variant_sku", message))
                }
            },
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
