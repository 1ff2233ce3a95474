//! The carrier names that Shopify knows, and how the names that suppliers use
//! are brought to them.
//!
//! Shopify makes tracking links only for its own spelling, upper and lower case
//! included. The names stand in `carriers.txt`, as Shopify documents them for
//! `FulfillmentTrackingInput.company` in 2026-10.

use std::{collections::HashMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

/// A carrier as Shopify is told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum CarrierName {
    /// Shopify's own spelling; it makes the tracking link itself.
    Known(&'static str),
    /// As the supplier wrote it. Shopify needs a tracking URL beside it.
    Unknown(String),
}

impl CarrierName {
    /// Recognizes a carrier's name or a common code for it, in any spelling of
    /// upper and lower case, spaces and punctuation.
    pub fn recognize(text: &str) -> Self {
        let wanted = normalize(text);
        KNOWN
            .get(wanted.as_str())
            .copied()
            .or_else(|| by_service(text))
            .map_or_else(|| Self::Unknown(text.trim().to_owned()), Self::Known)
    }

    /// Every name that Shopify knows.
    pub fn known() -> impl Iterator<Item = &'static str> {
        NAMES.lines()
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Unknown(name) => name,
        }
    }

    /// Must a tracking URL be sent along for the number to become a link?
    pub const fn needs_url(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

impl From<String> for CarrierName {
    fn from(text: String) -> Self {
        Self::recognize(&text)
    }
}

impl From<CarrierName> for String {
    fn from(name: CarrierName) -> Self {
        name.as_str().to_owned()
    }
}

/// Shopify's names, one per line.
const NAMES: &str = include_str!("carriers.txt");

/// What suppliers write, normalized, and the name that Shopify has for it. Only
/// what is certain stands here: a wrong carrier makes a link that leads nowhere.
const ALIASES: &[(&str, &str)] = &[
    ("amazonlogistics", "Amazon"),
    ("amzl", "Amazon"),
    ("auspost", "Australia Post"),
    ("austrianpost", "Österreichische Post"),
    ("oesterreichischepost", "Österreichische Post"),
    ("bartolini", "BRT"),
    ("brtbartolini", "BRT"),
    ("bluedartexpress", "Bluedart"),
    ("dhlde", "DHL"),
    ("dhlgermany", "DHL"),
    ("dhlpaket", "DHL"),
    ("dhlglobalmail", "DHL eCommerce"),
    ("dhlparcelnl", "DHL Parcel"),
    ("dhlparceluk", "DHL Parcel"),
    ("dpdde", "DPD"),
    ("dpdgermany", "DPD"),
    ("dpdnl", "DPD"),
    ("dpdgb", "DPD UK"),
    ("dpdie", "DPD Ireland"),
    ("federalexpress", "FedEx"),
    ("generallogisticssystems", "GLS"),
    ("glsde", "GLS"),
    ("glsgermany", "GLS"),
    ("glsit", "GLS Italy"),
    ("hermesde", "Hermes"),
    ("hermesgermany", "Hermes"),
    ("hermesworld", "Hermes"),
    ("hermesuk", "Evri"),
    ("myhermes", "Evri"),
    ("japanpost", "Japan Post (EN)"),
    ("sagawa", "Sagawa (EN)"),
    ("yamato", "Yamato (EN)"),
    ("laposte", "La Poste Colissimo"),
    ("nzpost", "New Zealand Post"),
    ("odfl", "Old Dominion"),
    ("postat", "Österreichische Post"),
    ("posteit", "Poste Italiane"),
    ("royalmailgroup", "Royal Mail"),
    ("singpost", "Singapore Post"),
    ("tntexpress", "TNT"),
    ("unitedparcelservice", "UPS"),
    ("unitedstatespostalservice", "USPS"),
    ("uspostalservice", "USPS"),
    ("uspostal", "USPS"),
];

/// Carriers whose services all track in one place, so that whatever follows the
/// name (`UPS Ground`, `fedex_2day`) does not matter.
const WITH_SERVICES: &[(&str, &str)] = &[
    ("dhl express", "DHL Express"),
    ("fedex", "FedEx"),
    ("ups", "UPS"),
    ("usps", "USPS"),
];

static KNOWN: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let names = NAMES.lines().map(|name| (normalize(name), name));
    let aliases = ALIASES.iter().map(|(alias, name)| ((*alias).to_owned(), *name));
    names.chain(aliases).collect()
});

fn by_service(text: &str) -> Option<&'static str> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    WITH_SERVICES
        .iter()
        .find(|(prefix, _)| {
            let mut wanted = prefix.split(' ');
            let mut given = words.iter();
            wanted.all(|word| given.next().is_some_and(|have| have == word))
        })
        .map(|(_, name)| *name)
}

/// Letters and digits alone, in lower case and without the accents that occur
/// in the names.
fn normalize(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .map(|c| match c {
            'á' | 'ä' => 'a',
            'ç' => 'c',
            'é' => 'e',
            'ö' => 'o',
            'š' => 's',
            'ü' => 'u',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        assert_eq!(CarrierName::recognize(text).as_str(), expect, "{text}");
    }

    #[test]
    fn recognizes_the_usual_spellings() {
        for (text, expect) in [
            ("dhl", "DHL"),
            ("DHL Express", "DHL Express"),
            ("dhl_express", "DHL Express"),
            ("DHL Express Worldwide", "DHL Express"),
            ("ups", "UPS"),
            ("UPS Ground", "UPS"),
            ("fedex", "FedEx"),
            ("FEDEX-2DAY", "FedEx"),
            ("U.S.P.S.", "USPS"),
            ("usps priority mail", "USPS"),
            ("dpd", "DPD"),
            ("DPD UK", "DPD UK"),
            ("gls", "GLS"),
            ("Hermes", "Hermes"),
            ("royal mail", "Royal Mail"),
            ("RoyalMail", "Royal Mail"),
            ("post nl", "PostNL"),
            ("colis prive", "Colis Privé"),
            ("Osterreichische Post", "Österreichische Post"),
            ("西濃運輸", "西濃運輸"),
        ] {
            assert!(!CarrierName::recognize(text).needs_url(), "{text}");
            check(text, expect);
        }
    }

    #[test]
    fn keeps_what_it_does_not_know() {
        for text in ["Acme Couriers", "UPSIDE Logistics", "dhlx", "PostNord", ""] {
            assert!(CarrierName::recognize(text).needs_url(), "{text}");
            check(text, text);
        }
        check("  Acme  ", "Acme");
    }

    #[test]
    fn every_name_stands_for_itself_alone() {
        let mut seen = HashMap::new();
        for name in NAMES.lines() {
            check(name, name);
            assert_eq!(seen.insert(normalize(name), name), None, "{name}");
        }
    }

    #[test]
    fn every_alias_leads_to_a_name_that_shopify_has() {
        let targets = ALIASES.iter().chain(WITH_SERVICES).map(|(_, name)| name);
        for name in targets {
            assert!(NAMES.lines().any(|known| known == *name), "{name}");
        }
        for (alias, _) in ALIASES {
            assert_eq!(&normalize(alias), alias);
        }
    }
}
