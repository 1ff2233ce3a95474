//! Gives a file its meaning, or says everything that keeps it from having one.
//!
//! What can be told from the file alone is checked here; what needs the installation (is the
//! shop installed, does the SKU exist) is for `plan`.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use url::Url;

use super::{
    Problem, Setup,
    file::{
        self, ComponentEntry, LocationEntry, LocationsEntry, MappingEntry, OfferEntry, SecretText, SettingsEntry,
        SetupFile,
    },
    model::{
        LocationName, Origin, Placed, Secret, VariantName, WantedAlternative, WantedComponent, WantedConnection,
        WantedLocations, WantedMapping, WantedOffer, WantedShop, WantedSupplier,
    },
    rules, shape,
    tree::{Node, Path},
};
use crate::{
    domain::{
        costs::{
            entries::RoutingEntry,
            reading::{self, Flaw},
        },
        goods,
        mapping::Validity,
        money::{Currency, Money},
        review::ReviewHolds,
        rules::RuleText,
        shop::KitFulfillment,
        supplier::{ConnectorKind, SupplierKey},
    },
    ids::{ShopifyLocationId, ShopifyVariantId},
};

/// Reads a setup file.
///
/// # Errors
/// Every mistake in it. Mistakes of form are reported alone: with keys in the wrong place, what
/// the others mean is a guess.
pub fn read(text: &str) -> Result<Setup, Vec<Problem>> {
    let tree = Node::parse(text).map_err(|problem| vec![problem])?;
    let differences = shape::differences(&file::json_schema(), &tree);
    if !differences.is_empty() {
        return Err(differences);
    }
    let file: SetupFile = serde_saphyr::from_str_with_options(text, options()).map_err(|error| vec![unread(&error)])?;
    let mut reader = Reader {
        tree: &tree,
        problems: Vec::new(),
    };
    let setup = reader.setup(&file);
    if reader.problems.is_empty() {
        Ok(setup)
    } else {
        reader.problems.sort_by_key(|problem| problem.at);
        Err(reader.problems)
    }
}

/// Far above any price, and far below what sums of many would overflow.
const MOST_COST_MINOR: i64 = 1_000_000_000_000;

struct Reader<'a> {
    tree: &'a Node,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn setup(&mut self, file: &SetupFile) -> Setup {
        let root = Path::default();
        let suppliers = root.key("suppliers");
        let shops = root.key("shops");
        self.each_once(&suppliers, "key", file.suppliers.iter().map(|s| &s.key));
        self.each_once(&shops, "domain", file.shops.iter().map(|s| &s.domain));
        Setup {
            suppliers: (file.suppliers.iter().enumerate())
                .filter_map(|(index, entry)| self.supplier(entry, &suppliers.index(index)))
                .collect(),
            shops: (file.shops.iter().enumerate())
                .map(|(index, entry)| self.shop(entry, &shops.index(index)))
                .collect(),
        }
    }

    fn supplier(&mut self, entry: &file::SupplierEntry, path: &Path) -> Option<WantedSupplier> {
        let currency = entry
            .currency
            .as_ref()
            .map(|code| self.currency(code, &path.key("currency")));
        let offers_path = path.key("offers");
        self.each_once(&offers_path, "sku", entry.offers.iter().map(|o| &o.sku));
        let counted_at = self.time(entry.counted_at.as_ref(), &path.key("counted_at"));
        let mut offers: Vec<WantedOffer> = (entry.offers.iter().enumerate())
            .filter_map(|(index, offer)| self.offer(offer, currency.flatten(), &offers_path.index(index)))
            .collect();
        for offer in offers.iter_mut().filter(|offer| offer.stock.is_some()) {
            offer.counted_at = offer.counted_at.take().or_else(|| counted_at.clone());
        }
        let connector = match entry.connector {
            file::ConnectorWord::Portal => ConnectorKind::Portal,
            file::ConnectorWord::Http => ConnectorKind::Http,
        };
        self.settings(connector, &entry.settings, &path.key("settings"));
        let secret = entry
            .settings
            .secret
            .as_ref()
            .filter(|secret| secret.0 != SecretText::UNCHANGED);
        Some(WantedSupplier {
            origin: self.origin(path),
            key: self.key(&entry.key, &path.key("key"))?,
            name: entry.name.clone(),
            owner: entry.shop.as_ref().map(|domain| Placed {
                origin: self.origin(&path.key("shop")),
                value: domain.to_ascii_lowercase(),
            }),
            connector,
            currency: currency
                .flatten()
                .or_else(|| offers.first().map(|offer| offer.cost.currency)),
            endpoint: entry.settings.endpoint.clone(),
            secret: secret.map(|secret| Secret(secret.0.clone())),
            offers,
        })
    }

    fn settings(&mut self, connector: ConnectorKind, entry: &SettingsEntry, path: &Path) {
        if connector == ConnectorKind::Portal && *entry != SettingsEntry::default() {
            self.say(path, "the connector “portal” has no settings");
        }
        if entry.endpoint.as_ref().is_some_and(|endpoint| !is_endpoint(endpoint)) {
            let message = "this must be an http or https address, without a user or password in it";
            self.say(&path.key("endpoint"), message);
        }
        let secret = entry.secret.as_ref().map(|secret| secret.0.as_str());
        if secret.is_some_and(|secret| secret != SecretText::UNCHANGED && !is_signing_secret(secret)) {
            let message = "this must be “whsec_” and 24 to 64 bytes in base64 (several, with commas, while \
                           you rotate), or “(unchanged)”";
            self.say(&path.key("secret"), message);
        }
    }

    fn offer(&mut self, entry: &OfferEntry, supplier: Option<Currency>, path: &Path) -> Option<WantedOffer> {
        let own = entry
            .currency
            .as_ref()
            .map(|code| self.currency(code, &path.key("currency")));
        let Some(currency) = own.unwrap_or(supplier) else {
            if own.is_none() {
                self.say(path, "neither the offer nor its supplier names a currency");
            }
            return None;
        };
        if let Err(message) = goods::check_sku(&entry.sku) {
            self.say(&path.key("sku"), message);
        }
        let cost = self.cost(&entry.cost, currency, &path.key("cost"))?;
        for (index, country) in entry.ships_to.iter().flatten().enumerate() {
            if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
                let message = format!("“{country}” is not a country's two capital letters, such as DE");
                self.say(&path.key("ships_to").index(index), &message);
            }
        }
        let price_breaks = match entry.price_breaks.as_ref() {
            Some(list) => Some(self.read(reading::price_breaks(list, cost), &path.key("price_breaks"))?),
            None => None,
        };
        if entry.counted_at.is_some() && entry.stock.is_none() {
            self.say(
                &path.key("counted_at"),
                "this needs the stock that was counted beside it",
            );
        }
        Some(WantedOffer {
            counted_at: self.time(entry.counted_at.as_ref(), &path.key("counted_at")),
            price_breaks,
            sku: entry.sku.clone(),
            title: entry.title.clone(),
            cost,
            barcode: entry.barcode.clone(),
            stock: entry.stock,
            weight_g: entry.weight_g,
            dangerous_goods: entry.dangerous_goods,
            minimum_age: entry.minimum_age,
            size_mm: entry.size_mm,
            ships_to: entry
                .ships_to
                .as_ref()
                .map(|countries| countries.iter().cloned().collect()),
            active: entry.active,
        })
    }

    fn time(&mut self, text: Option<&String>, path: &Path) -> Option<Placed<DateTime<Utc>>> {
        let text = text?;
        let Ok(at) = DateTime::parse_from_rfc3339(text) else {
            let message = format!("“{text}” is not a time with its zone, such as 2026-12-01T08:00:00Z");
            self.say(path, &message);
            return None;
        };
        Some(Placed {
            origin: self.origin(path),
            value: at.to_utc(),
        })
    }

    fn shop(&mut self, entry: &file::ShopEntry, path: &Path) -> WantedShop {
        let connections = path.key("connections");
        self.each_once(&connections, "supplier", entry.connections.iter().map(|c| &c.supplier));
        let mappings = path.key("mappings");
        self.variants_once(entry, &mappings);
        WantedShop {
            origin: self.origin(&path.key("domain")),
            domain: entry.domain.to_ascii_lowercase(),
            automation: entry.automation,
            notify_customer: entry.notify_customer,
            kit_fulfillment: entry.kit_fulfillment.map(|word| match word {
                file::KitWord::LastComponent => KitFulfillment::LastComponent,
                file::KitWord::FirstComponent => KitFulfillment::FirstComponent,
            }),
            ship_on_payment_terms: entry.ship_on_payment_terms,
            undo_minutes: entry.undo_minutes,
            review: entry
                .review
                .as_ref()
                .map(|review| self.review(review, &path.key("review"))),
            locations: (entry.locations.as_ref()).map(|locations| self.locations(locations, &path.key("locations"))),
            rules: entry.rules.as_ref().map(|list| self.rules(list, &path.key("rules"))),
            routing: (entry.routing.as_ref()).and_then(|routing| self.routing(routing, &path.key("routing"))),
            connections: (entry.connections.iter().enumerate())
                .filter_map(|(index, connection)| self.connection(connection, &connections.index(index)))
                .collect(),
            mappings: (entry.mappings.iter().enumerate())
                .filter_map(|(index, mapping)| self.mapping(mapping, &mappings.index(index)))
                .collect(),
        }
    }

    fn review(&mut self, entry: &file::ReviewEntry, path: &Path) -> ReviewHolds {
        let holds = ReviewHolds {
            first_order: entry.first_order.unwrap_or(false),
            above: entry.above.clone(),
            risk: entry.risk.unwrap_or(false),
            tags: (entry.tags.iter().flatten()).map(|tag| tag.trim().to_owned()).collect(),
        };
        if let Some((key, message)) = holds.problem(None) {
            self.say(&path.key(key), &message);
        }
        holds
    }

    fn rules(&mut self, list: &[file::RuleEntry], path: &Path) -> Vec<Placed<RuleText>> {
        self.each_once(path, "name", list.iter().map(|rule| &rule.name));
        let mut rules = Vec::new();
        for (index, entry) in list.iter().enumerate() {
            let path = path.index(index);
            match rules::meaning(entry) {
                Ok(value) => rules.push(Placed {
                    origin: self.origin(&path.key(if value.when.is_some() { "when" } else { "name" })),
                    value,
                }),
                Err((key, message)) => self.say(&path.key(key), &message),
            }
        }
        rules
    }

    /// Everything but amounts can be told without the shop's currency.
    fn routing(&mut self, entry: &RoutingEntry, path: &Path) -> Option<Placed<RoutingEntry>> {
        let most_decimals = self.currency("KWD", path)?;
        self.read(entry.meaning(most_decimals), path)?;
        Some(Placed {
            origin: self.origin(path),
            value: entry.clone(),
        })
    }

    /// What was read of an entry at a path, or what is wrong with it.
    fn read<T>(&mut self, read: Result<T, Vec<Flaw>>, path: &Path) -> Option<T> {
        let flaws = match read {
            Ok(read) => return Some(read),
            Err(flaws) => flaws,
        };
        for flaw in flaws {
            self.say(&path.join(&flaw.path), &flaw.message);
        }
        None
    }

    fn locations(&self, entry: &LocationsEntry, path: &Path) -> WantedLocations {
        let LocationsEntry::Some(list) = entry else {
            return WantedLocations::All;
        };
        let place = |(index, entry): (usize, &LocationEntry)| Placed {
            origin: self.origin(&path.index(index)),
            value: match entry {
                LocationEntry::Id(id) => LocationName::Id(ShopifyLocationId(*id)),
                LocationEntry::Name(name) => LocationName::Name(name.clone()),
            },
        };
        WantedLocations::Only(list.iter().enumerate().map(place).collect())
    }

    fn connection(&mut self, entry: &file::ConnectionEntry, path: &Path) -> Option<WantedConnection> {
        let costs = match entry.costs.as_ref() {
            Some(costs) => Some(self.read(costs.meaning(), &path.key("costs"))?),
            None => None,
        };
        Some(WantedConnection {
            costs,
            origin: self.origin(path),
            supplier: self.key(&entry.supplier, &path.key("supplier"))?,
            priority: entry.priority,
            price_tolerance_bp: entry.price_tolerance_pct.map(|percent| percent.basis_points),
            handling_days: entry.handling_days,
            answer_hours: entry.answer_hours,
            cutoff_hour: entry.cutoff_hour,
            dangerous_goods: entry.dangerous_goods,
            checks_age: entry.checks_age,
            active: entry.active,
        })
    }

    fn mapping(&mut self, entry: &MappingEntry, path: &Path) -> Option<WantedMapping> {
        let alternatives = path.key("alternatives");
        let variant = variant_name(entry)?;
        Some(WantedMapping {
            variant: Placed {
                origin: self.origin(&path.key("variant")),
                value: variant,
            },
            alternatives: (entry.alternatives.iter().enumerate())
                .map(|(rank, alternative)| self.alternative(alternative, &alternatives.index(rank)))
                .collect(),
        })
    }

    fn alternative(&mut self, entry: &file::AlternativeEntry, path: &Path) -> WantedAlternative {
        let mut day = |key, text: &Option<String>| {
            let read = rules::day(key, text.as_ref());
            read.map_err(|(key, message)| self.say(&path.key(key), &message))
                .unwrap_or_default()
        };
        let validity = Validity {
            from: day("from", &entry.from),
            until: day("until", &entry.until),
        };
        if validity.is_upside_down() {
            self.say(&path.key("until"), "it ends before it begins");
        }
        let components = path.key("components");
        WantedAlternative {
            components: (entry.components.iter().enumerate())
                .filter_map(|(index, component)| self.component(component, &components.index(index)))
                .collect(),
            validity,
        }
    }

    fn component(&mut self, entry: &ComponentEntry, path: &Path) -> Option<WantedComponent> {
        Some(WantedComponent {
            origin: self.origin(path),
            supplier: self.key(&entry.supplier, &path.key("supplier"))?,
            sku: entry.sku.clone(),
            quantity: entry.quantity.unwrap_or(1),
            accepted_cost: entry.accepted_cost.clone(),
        })
    }

    fn key(&mut self, text: &str, path: &Path) -> Option<SupplierKey> {
        text.parse()
            .map_err(|error: crate::domain::supplier::BadSupplierKey| self.say(path, &error.to_string()))
            .ok()
    }

    fn currency(&mut self, code: &str, path: &Path) -> Option<Currency> {
        Currency::parse(code)
            .map_err(|error| self.say(path, &error.to_string()))
            .ok()
    }

    fn cost(&mut self, text: &str, currency: Currency, path: &Path) -> Option<Money> {
        let cost = Money::parse(text, currency)
            .map_err(|error| self.say(path, &error.to_string()))
            .ok()?;
        if !(0..=MOST_COST_MINOR).contains(&cost.amount_minor) {
            self.say(path, "a cost is not negative, nor beyond all measure");
            return None;
        }
        Some(cost)
    }

    /// Each value of `key` may stand in the list once; case is not enough to tell two apart.
    fn each_once<'v>(&mut self, list: &Path, key: &str, values: impl Iterator<Item = &'v String>) {
        let mut seen = BTreeSet::new();
        for (index, value) in values.enumerate() {
            if !seen.insert(value.to_lowercase()) {
                let message = format!("“{value}” stands in this list already");
                self.say(&list.index(index).key(key), &message);
            }
        }
    }

    fn variants_once(&mut self, shop: &file::ShopEntry, mappings: &Path) {
        let mut seen = BTreeMap::new();
        for (index, entry) in shop.mappings.iter().enumerate() {
            let Some(name) = variant_name(entry) else { continue };
            if let Some(first) = seen.insert(name, index) {
                let message = format!("this variant is mapped in mappings[{first}] already");
                self.say(&mappings.index(index).key("variant"), &message);
            }
        }
    }

    fn origin(&self, path: &Path) -> Origin {
        Origin {
            at: self.tree.nearest(path).at,
            path: path.clone(),
        }
    }

    fn say(&mut self, path: &Path, message: &str) {
        let Origin { at, path } = self.origin(path);
        self.problems.push(Problem {
            at,
            path,
            message: message.to_owned(),
        });
    }
}

fn is_endpoint(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
    })
}

/// The form that Standard Webhooks gives a symmetric secret; several while one replaces another.
fn is_signing_secret(text: &str) -> bool {
    let is_one = |secret: &str| {
        let encoded = secret.strip_prefix("whsec_");
        let bytes = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
        bytes.is_some_and(|bytes| (24..=64).contains(&bytes.len()))
    };
    !text.trim_matches([',', ' ']).is_empty() && text.split([',', ' ']).filter(|part| !part.is_empty()).all(is_one)
}

fn variant_name(entry: &MappingEntry) -> Option<VariantName> {
    match (&entry.variant.sku, entry.variant.id) {
        (Some(sku), None) => Some(VariantName::Sku(sku.clone())),
        (None, Some(id)) => Some(VariantName::Id(ShopifyVariantId(id))),
        _ => None,
    }
}

/// The tree has been built, so the document is no bomb; how long it is, is for the caller to bound.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! { budget: None, with_snippet: false }
}

/// What passed `shape` deserializes, except for a leaf that the schema describes too loosely.
fn unread(error: &serde_saphyr::Error) -> Problem {
    let at = error
        .location()
        .map_or_else(super::Position::default, |location| super::Position {
            line: usize::try_from(location.line()).unwrap_or(0),
            column: usize::try_from(location.column()).unwrap_or(0),
        });
    Problem {
        at,
        path: Path::default(),
        message: error.without_snippet().to_string(),
    }
}
