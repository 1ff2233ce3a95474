//! What the shop of the chaos sells, and which suppliers' pieces make it up. No supplier's SKU
//! serves two variants, so that what was bought can be counted back.

use std::fmt::Write as _;

/// What a variant is made of: alternatives of (supplier's SKU, pieces per unit).
pub struct Recipe {
    pub sku: &'static str,
    pub alternatives: &'static [&'static [(&'static str, i64)]],
}

pub const RECIPES: &[Recipe] = &[
    Recipe {
        sku: "MUG",
        alternatives: &[&[("N-MUG", 1)], &[("E-MUG", 1)]],
    },
    Recipe {
        sku: "SHIRT",
        alternatives: &[&[("N-SHIRT", 1)]],
    },
    Recipe {
        sku: "BOWL",
        alternatives: &[&[("E-BOWL", 1)]],
    },
    Recipe {
        sku: "KIT",
        alternatives: &[&[("E-TEA", 2), ("E-BOX", 1)], &[("N-TEA", 2), ("N-BOX", 1)]],
    },
    Recipe {
        sku: "PAIR",
        alternatives: &[&[("N-LEFT", 1), ("E-RIGHT", 1)]],
    },
    Recipe {
        sku: "UNMAPPED",
        alternatives: &[],
    },
];

/// The suppliers, by the first letter of their SKUs.
pub const SUPPLIERS: &[(&str, char)] = &[("north", 'N'), ("east", 'E')];

/// What every piece costs.
pub const COST: &str = "4.00";

pub fn recipe(sku: &str) -> Option<&'static Recipe> {
    RECIPES.iter().find(|recipe| recipe.sku == sku)
}

impl Recipe {
    /// Whole units that these pieces make.
    pub fn units(&self, pieces: impl Fn(&str) -> i64) -> i64 {
        let of_one =
            |components: &&[(&str, i64)]| components.iter().map(|(sku, per)| pieces(sku) / per).min().unwrap_or(0);
        self.alternatives.iter().map(of_one).sum()
    }

    pub fn is_kit(&self) -> bool {
        self.alternatives.iter().any(|components| components.len() > 1)
    }

    pub fn uses(&self, sku: &str) -> bool {
        self.alternatives
            .iter()
            .any(|components| components.iter().any(|(component, _)| *component == sku))
    }
}

fn supplier_of(sku: &str) -> &'static str {
    let owner = SUPPLIERS.iter().find(|(_, letter)| sku.starts_with(*letter));
    owner.map_or("", |(key, _)| key)
}

/// The setup file that says all this, with the stories' placeholders for addresses and secrets.
pub fn setup(domain: &str) -> String {
    let mut text = "version: 1\nsuppliers:\n".to_owned();
    for (key, _) in SUPPLIERS {
        let _ = write!(
            text,
            "  - key: {key}\n    name: {key}\n    connector: http\n    settings: {{ endpoint: \"{{endpoint:{key}}}\", secret: \"{{secret}}\" }}\n    offers:\n"
        );
        let components = RECIPES
            .iter()
            .flat_map(|recipe| recipe.alternatives.iter().copied().flatten());
        for (sku, _) in components.filter(|(sku, _)| supplier_of(sku) == *key) {
            let _ = writeln!(
                text,
                "      - {{ sku: {sku}, title: {sku}, cost: \"{COST}\", currency: EUR, stock: 1000000, ships_to: [DE] }}"
            );
        }
    }
    let _ = write!(
        text,
        "shops:\n  - domain: {domain}\n    automation: on\n    locations: all\n    connections:\n"
    );
    for (rank, (key, _)) in SUPPLIERS.iter().enumerate() {
        let _ = writeln!(
            text,
            "      - {{ supplier: {key}, priority: {}, price_tolerance_pct: 2, handling_days: 1 }}",
            rank + 1
        );
    }
    text.push_str("    mappings:\n");
    for recipe in RECIPES.iter().filter(|recipe| !recipe.alternatives.is_empty()) {
        let _ = writeln!(
            text,
            "      - variant: {{ sku: {} }}\n        alternatives:",
            recipe.sku
        );
        for components in recipe.alternatives {
            text.push_str("          - components:\n");
            for (sku, per) in *components {
                let supplier = supplier_of(sku);
                let _ = writeln!(
                    text,
                    "              - {{ supplier: {supplier}, sku: {sku}, quantity: {per} }}"
                );
            }
        }
    }
    text
}
