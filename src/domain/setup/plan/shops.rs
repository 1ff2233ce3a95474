//! A shop's settings, connections and mappings.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Change, Planner, Sign, Step, Unnamed, no_supplier, not_installed,
    shown::{Alternatives, ShownSettings},
};
use crate::{
    domain::{
        costs::{ConnectionCosts, RoutingSettings, StrategyWord, entries::RoutingEntry},
        goods::Service,
        money::{Currency, Money},
        rules::{Consequence, RuleText},
        setup::model::{
            Alternative, Component, Connection, LocationName, Origin, Placed, Shop, Supplier, VariantName,
            WantedComponent, WantedConnection, WantedLocations, WantedMapping, WantedShop,
        },
        setup::{Path, Problem},
        shop::{SelectedLocations, ShopSettings},
        supplier::SupplierKey,
    },
    ids::{ShopifyLocationId, ShopifyVariantId},
};

impl Planner<'_> {
    pub(super) fn shop(&mut self, wanted: &WantedShop, unnamed: Unnamed) {
        let Some(now) = self.now.shops.get(&wanted.domain) else {
            self.say(&wanted.origin, &not_installed(&wanted.domain));
            return;
        };
        let settings = self.settings(wanted, now);
        let step = Step::Settings {
            domain: wanted.domain.clone(),
            settings: settings.clone(),
        };
        let shown = |settings| ShownSettings { settings, shop: now };
        let subject = format!("shop {}", wanted.domain);
        self.note(subject, Some(&shown(&now.settings)), &shown(&settings), step);
        let mut after = now.clone();
        after.settings = settings;
        for connection in &wanted.connections {
            self.connection(&wanted.domain, connection, &mut after);
        }
        self.rates(wanted, now, &after);
        let variants = self.variants(wanted, now);
        for (mapping, variant) in wanted.mappings.iter().zip(&variants) {
            if let Some(variant) = variant {
                self.mapping(&wanted.domain, mapping, *variant, &mut after);
            }
        }
        if unnamed == Unnamed::Prune {
            self.prune(wanted, &variants.into_iter().flatten().collect(), &mut after);
        }
        self.after.shops.insert(wanted.domain.clone(), after);
    }

    /// The variant of each mapping.
    fn variants(&mut self, wanted: &WantedShop, shop: &Shop) -> Vec<Option<ShopifyVariantId>> {
        let mut by_sku: BTreeMap<&str, Vec<ShopifyVariantId>> = BTreeMap::new();
        for (id, sku) in &shop.variants {
            by_sku.entry(sku.as_deref().unwrap_or_default()).or_default().push(*id);
        }
        let mut named = BTreeSet::new();
        let mut variant = |mapping: &WantedMapping| {
            let origin = &mapping.variant.origin;
            let found = match &mapping.variant.value {
                VariantName::Id(id) if shop.variants.contains_key(id) => vec![*id],
                VariantName::Id(_) => Vec::new(),
                VariantName::Sku(sku) => by_sku.get(sku.as_str()).cloned().unwrap_or_default(),
            };
            match found.as_slice() {
                [id] if named.insert(*id) => return Some(*id),
                [_] => self.say(origin, "this variant is mapped further up already, under another name"),
                [] => self.say(origin, "Orderyard knows no such product variant in this shop"),
                _ => self.say(origin, "several variants of the shop have this SKU; give the id"),
            }
            None
        };
        wanted.mappings.iter().map(&mut variant).collect()
    }

    fn settings(&mut self, wanted: &WantedShop, now: &Shop) -> ShopSettings {
        let stored = &now.settings;
        ShopSettings {
            automation: wanted.automation.unwrap_or(stored.automation),
            notify_customer: wanted.notify_customer.unwrap_or(stored.notify_customer),
            kit_fulfillment: wanted.kit_fulfillment.unwrap_or(stored.kit_fulfillment),
            ship_on_payment_terms: wanted.ship_on_payment_terms.unwrap_or(stored.ship_on_payment_terms),
            routing: match &wanted.routing {
                None => stored.routing.clone(),
                Some(routing) => self.routing(routing, now),
            },
            undo_minutes: wanted.undo_minutes.unwrap_or(stored.undo_minutes),
            review: wanted.review.clone().unwrap_or_else(|| stored.review.clone()),
            rules: match &wanted.rules {
                None => stored.rules.clone(),
                Some(rules) => rules.iter().map(|rule| self.rule(rule)).collect(),
            },
            locations: match &wanted.locations {
                None => stored.locations.clone(),
                Some(WantedLocations::All) => SelectedLocations::All,
                Some(WantedLocations::Only(list)) => {
                    let ids = list
                        .iter()
                        .filter_map(|name| self.location(&name.origin, &name.value, now));
                    let ids: BTreeSet<ShopifyLocationId> = ids.collect();
                    // The same set in another order is no change.
                    match &stored.locations {
                        SelectedLocations::Only(old) if old.iter().copied().collect::<BTreeSet<_>>() == ids => {
                            stored.locations.clone()
                        }
                        _ => SelectedLocations::Only(ids.into_iter().collect()),
                    }
                }
            },
        }
    }

    /// How orders are routed; says which of the suppliers that have a share do not exist.
    fn routing(&mut self, wanted: &Placed<RoutingEntry>, shop: &Shop) -> RoutingSettings {
        let say = |planner: &mut Self, path: &Path, message: &str| {
            let origin = Origin {
                at: wanted.origin.at,
                path: wanted.origin.path.join(path),
            };
            planner.say(&origin, message);
        };
        match wanted.value.meaning(shop.currency) {
            Ok(settings) => {
                for (index, share) in settings.shares.iter().enumerate() {
                    let key = share.supplier.parse();
                    if !key.is_ok_and(|key: SupplierKey| self.after.suppliers.contains_key(&key)) {
                        let path = Path::default().key("shares").index(index).key("supplier");
                        say(self, &path, &format!("there is no supplier “{}”", share.supplier));
                    }
                }
                settings
            }
            Err(flaws) => {
                for flaw in flaws {
                    say(self, &flaw.path, &flaw.message);
                }
                shop.settings.routing.clone()
            }
        }
    }

    /// Where cost decides, every currency of the shop's suppliers needs a rate of today. A file that says nothing of
    /// routing is not blamed for what was missing before.
    fn rates(&mut self, wanted: &WantedShop, before: &Shop, after: &Shop) {
        let mut missing = without_rate(after, &self.after.suppliers);
        if wanted.routing.is_none() {
            let known = without_rate(before, &self.now.suppliers);
            missing.retain(|code, _| !known.contains_key(code));
        }
        let own = after.currency;
        for (code, supplier) in missing {
            let message = format!("there is no rate between {own} and {code}, in which “{supplier}” counts");
            let later = after.settings.routing.rates.iter().position(|rate| {
                let pair = [rate.from, rate.to].map(Currency::code);
                pair.contains(&own.code()) && pair.contains(&code)
            });
            let Some(routing) = &wanted.routing else {
                self.say(&wanted.origin, &message);
                continue;
            };
            let rates = routing.origin.path.key("rates");
            let (path, message) = match later {
                Some(index) => (rates.index(index).key("on"), format!("until this day {message}")),
                None => (rates, message),
            };
            self.problems.push(Problem {
                at: routing.origin.at,
                path,
                message,
            });
        }
    }

    /// The rule; says which of the suppliers that it names do not exist.
    fn rule(&mut self, rule: &Placed<RuleText>) -> RuleText {
        let (Consequence::Only(keys) | Consequence::Never(keys)) = &rule.value.then else {
            return rule.value.clone();
        };
        for key in keys {
            let known = key
                .parse()
                .is_ok_and(|key: SupplierKey| self.after.suppliers.contains_key(&key));
            if !known {
                let message = format!(
                    "the rule “{}” names a supplier that does not exist: {key}",
                    rule.value.name
                );
                self.say(&rule.origin, &message);
            }
        }
        rule.value.clone()
    }

    fn location(&mut self, origin: &Origin, name: &LocationName, shop: &Shop) -> Option<ShopifyLocationId> {
        let found: Vec<ShopifyLocationId> = match name {
            // One that Shopify no longer lists may be selected still.
            LocationName::Id(id) if shop.settings.locations == SelectedLocations::All => {
                shop.locations.keys().copied().filter(|known| known == id).collect()
            }
            LocationName::Id(id) => vec![*id],
            LocationName::Name(name) => (shop.locations.iter())
                .filter(|(_, other)| *other == name)
                .map(|(id, _)| *id)
                .collect(),
        };
        match found.as_slice() {
            [id] => return Some(*id),
            [] => {
                let names: Vec<&str> = shop.locations.values().map(String::as_str).collect();
                self.say(
                    origin,
                    &format!("the shop has no such location; it has {}", names.join(", ")),
                );
            }
            _ => self.say(origin, "several locations have this name; give the id"),
        }
        None
    }

    fn connection(&mut self, domain: &str, wanted: &WantedConnection, shop: &mut Shop) {
        let Some(supplier) = self.after.suppliers.get(&wanted.supplier) else {
            self.say(&wanted.origin, &no_supplier(&wanted.supplier));
            return;
        };
        if supplier.terms.owner.as_ref().is_some_and(|owner| owner != domain) {
            self.say(
                &wanted.origin,
                &format!("“{}” is private to another shop", wanted.supplier),
            );
            return;
        }
        let before = shop.connections.get(&wanted.supplier).cloned();
        let basis = before.clone().unwrap_or_default();
        let connection = Connection {
            priority: wanted.priority.unwrap_or(basis.priority),
            price_tolerance_bp: wanted.price_tolerance_bp.unwrap_or(basis.price_tolerance_bp),
            handling_days: wanted.handling_days.unwrap_or(basis.handling_days),
            answer_hours: wanted.answer_hours.unwrap_or(basis.answer_hours),
            service: Service {
                cutoff_hour: wanted.cutoff_hour.or(basis.service.cutoff_hour),
                dangerous_goods: wanted.dangerous_goods.unwrap_or(basis.service.dangerous_goods),
                checks_age: wanted.checks_age.unwrap_or(basis.service.checks_age),
            },
            active: wanted.active,
            costs: wanted.costs.clone().or(basis.costs),
        };
        self.note_connection(domain, &wanted.supplier, before.as_ref(), &connection);
        shop.connections.insert(wanted.supplier.clone(), connection);
    }

    fn note_connection(&mut self, domain: &str, supplier: &SupplierKey, before: Option<&Connection>, now: &Connection) {
        let step = Step::Connection {
            domain: domain.to_owned(),
            supplier: supplier.clone(),
            connection: now.clone(),
        };
        self.note(format!("connection {domain} to {supplier}"), before, now, step);
    }

    fn mapping(&mut self, domain: &str, wanted: &WantedMapping, variant: ShopifyVariantId, shop: &mut Shop) {
        let before = shop.mappings.get(&variant).cloned();
        let alternatives: Vec<Alternative> = (wanted.alternatives.iter().enumerate())
            .map(|(rank, alternative)| Alternative {
                components: (alternative.components.iter().enumerate())
                    .filter_map(|(index, wanted)| {
                        let known = accepted_before(wanted, before.as_deref().unwrap_or_default(), rank, index);
                        self.component(wanted, known)
                    })
                    .collect(),
                validity: alternative.validity,
            })
            .collect();
        if self.problems.is_empty() {
            self.note_mapping(domain, variant, before, alternatives, shop);
        }
    }

    fn note_mapping(
        &mut self,
        domain: &str,
        variant: ShopifyVariantId,
        before: Option<Vec<Alternative>>,
        alternatives: Vec<Alternative>,
        shop: &mut Shop,
    ) {
        let name = shop
            .variants
            .get(&variant)
            .and_then(Option::as_deref)
            .filter(|sku| !sku.is_empty());
        let subject = format!(
            "mapping {domain} {}",
            name.map_or_else(|| variant.to_string(), str::to_owned)
        );
        let step = Step::Mapping {
            domain: domain.to_owned(),
            variant,
            alternatives: alternatives.clone(),
        };
        if alternatives.is_empty() {
            self.changes.push(Change {
                sign: Sign::Remove,
                subject,
                details: Vec::new(),
                step,
            });
            shop.mappings.remove(&variant);
        } else {
            self.note(
                subject,
                before.map(Alternatives).as_ref(),
                &Alternatives(alternatives.clone()),
                step,
            );
            shop.mappings.insert(variant, alternatives);
        }
    }

    fn component(&mut self, wanted: &WantedComponent, known: Option<Money>) -> Option<Component> {
        let Some(supplier) = self.after.suppliers.get(&wanted.supplier) else {
            self.say(&wanted.origin, &no_supplier(&wanted.supplier));
            return None;
        };
        let Some(offer) = supplier.offers.get(&wanted.sku) else {
            let message = format!("“{}” has no offer “{}”", wanted.supplier, wanted.sku);
            self.say(&wanted.origin, &message);
            return None;
        };
        let accepted = match &wanted.accepted_cost {
            Some(text) => Money::parse(text, offer.cost.currency),
            None => Ok(known.unwrap_or(offer.cost)),
        };
        match accepted {
            Ok(accepted_cost) => Some(Component {
                supplier: wanted.supplier.clone(),
                sku: wanted.sku.clone(),
                quantity: wanted.quantity,
                accepted_cost,
            }),
            Err(error) => {
                self.say(&wanted.origin, &error.to_string());
                None
            }
        }
    }

    fn prune(&mut self, wanted: &WantedShop, named: &BTreeSet<ShopifyVariantId>, shop: &mut Shop) {
        let suppliers: BTreeSet<&SupplierKey> = wanted.connections.iter().map(|c| &c.supplier).collect();
        for (supplier, connection) in &mut shop.connections {
            if connection.active && !suppliers.contains(supplier) {
                let before = connection.clone();
                connection.active = false;
                self.note_connection(&wanted.domain, supplier, Some(&before), connection);
            }
        }
        let gone: Vec<ShopifyVariantId> = shop.mappings.keys().copied().filter(|id| !named.contains(id)).collect();
        for variant in gone {
            let before = shop.mappings.get(&variant).cloned();
            self.note_mapping(&wanted.domain, variant, before, Vec::new(), shop);
        }
    }
}

/// Currencies in which active connections count and no rate tells of that counts by today, with a supplier for each.
fn without_rate(shop: &Shop, suppliers: &BTreeMap<SupplierKey, Supplier>) -> BTreeMap<&'static str, SupplierKey> {
    let mut missing = BTreeMap::new();
    let routing = &shop.settings.routing;
    if routing.strategy == StrategyWord::Priority {
        return missing;
    }
    let has_rate = |currency: Currency| {
        let pair = [shop.currency, currency];
        let mut rates = routing.rates.iter().filter(|rate| rate.on <= shop.today);
        currency == shop.currency || rates.any(|rate| pair.contains(&rate.from) && pair.contains(&rate.to))
    };
    for (key, connection) in shop.connections.iter().filter(|(_, connection)| connection.active) {
        let offers = suppliers.get(key).map(|supplier| supplier.offers.values());
        let offers = offers.into_iter().flatten().filter(|offer| offer.active);
        let costs = connection.costs.iter().flat_map(ConnectionCosts::amounts);
        for money in offers.map(|offer| offer.cost).chain(costs) {
            if !has_rate(money.currency) {
                missing.entry(money.currency.code()).or_insert_with(|| key.clone());
            }
        }
    }
    missing
}

/// The cost that was accepted for the same offer in this mapping, at the same place if possible.
fn accepted_before(wanted: &WantedComponent, before: &[Alternative], rank: usize, index: usize) -> Option<Money> {
    let here = before
        .get(rank)
        .and_then(|alternative| alternative.components.get(index));
    let all = before.iter().flat_map(|alternative| &alternative.components);
    (here.into_iter().chain(all))
        .find(|old| old.supplier == wanted.supplier && old.sku == wanted.sku)
        .map(|old| old.accepted_cost)
}
