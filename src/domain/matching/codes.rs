//! Codes as they are compared: what people and spreadsheets write differently
//! becomes one key, and what is no code at all becomes none.

/// The longest SKU that is compared; longer ones could only match in part.
const MOST_SKU: usize = 200;

/// What is written where there is no SKU.
const FILLERS: &[&str] = &[
    "0", "default", "n/a", "na", "nil", "no sku", "none", "null", "sku", "tba", "tbc", "tbd", "test", "unknown",
];

/// A SKU without regard to case and to blanks around it. None where it says nothing.
#[must_use]
pub fn sku_key(sku: &str) -> Option<String> {
    let key = sku.trim().to_lowercase();
    let says_something = key.chars().any(char::is_alphanumeric) && !FILLERS.contains(&key.as_str());
    // A NUL cannot be stored, and nobody's SKU holds one.
    let is_storable = key.chars().count() <= MOST_SKU && !key.contains('\0');
    (says_something && is_storable).then_some(key)
}

/// A GTIN of 8, 12, 13 or 14 digits as 14 digits, where its check digit is
/// right. None for everything else: no barcode, an internal one, or one that a
/// spreadsheet damaged.
#[must_use]
pub fn gtin_key(barcode: &str) -> Option<String> {
    let digits: String = barcode
        .trim()
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '-' | '\u{a0}'))
        .collect();
    let is_gtin = matches!(digits.len(), 8 | 12 | 13 | 14) && digits.bytes().all(|digit| digit.is_ascii_digit());
    if !is_gtin || digits.bytes().all(|digit| digit == b'0') || !check_digit_holds(&digits) {
        return None;
    }
    let key = format!("{digits:0>14}");
    (!is_given_by_the_shop_itself(&digits, &key)).then_some(key)
}

/// From the right, the digits count 1, 3, 1, 3, … and the sum is a multiple of ten.
fn check_digit_holds(digits: &str) -> bool {
    let weighed = digits.bytes().rev().zip([1, 3].into_iter().cycle());
    let sum: u32 = weighed
        .map(|(digit, weight)| u32::from(digit.saturating_sub(b'0')) * weight)
        .sum();
    sum.is_multiple_of(10)
}

/// GS1 leaves some numbers to each company for its own use: they are unique
/// nowhere else (prefixes 02, 04 and 20 to 29; of GTIN-8, 0 and 2).
fn is_given_by_the_shop_itself(digits: &str, key: &str) -> bool {
    if digits.len() == 8 {
        return digits.starts_with('0') || digits.starts_with('2');
    }
    let company = key.get(1..3).unwrap_or_default();
    company == "02" || company == "04" || company.starts_with('2')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn skus_are_compared_without_case_and_blanks() {
        let check = |sku: &str, expect: Option<&str>| assert_eq!(sku_key(sku).as_deref(), expect, "{sku:?}");
        check(" MUG-0001 ", Some("mug-0001"));
        check("00123", Some("00123"));
        check("Größe-Ä", Some("größe-ä"));
        for nothing in ["", "  ", "-", "#", "n/a", "N/A", "None", "TBD", "0", " default "] {
            check(nothing, None);
        }
        check(&"x".repeat(201), None);
    }

    #[test]
    fn gtins_of_every_length_become_one() {
        let check =
            |barcode: &str, expect: Option<&str>| assert_eq!(gtin_key(barcode).as_deref(), expect, "{barcode:?}");
        check("4006381333931", Some("04006381333931"));
        check(" 4 006381-333931 ", Some("04006381333931"));
        check("04006381333931", Some("04006381333931"));
        // The same product by its UPC and by the EAN made of it.
        check("036000291452", Some("00036000291452"));
        check("0036000291452", Some("00036000291452"));
        check("96385074", Some("00000096385074"));
        // A carton of the product is another product.
        check("14006381333938", Some("14006381333938"));
    }

    #[test]
    fn what_is_no_gtin_matches_nothing() {
        for barcode in [
            "",
            "4006381333932", // the check digit is wrong
            "400638133393",  // a digit is missing
            "4.00638E+12",   // a spreadsheet was here
            "0000000000000",
            "ABC-12345",
            "12345",
            "２４００６３８１", // digits, but not of ASCII
            "2000000000008",    // a shop's own number
            "0212345678905",    // the same as a UPC
            "20000004",         // the same as a GTIN-8
        ] {
            assert_eq!(gtin_key(barcode), None, "{barcode:?}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_noticed(digits in "[3-9][0-9]{11}", at in 0usize..13, by in 1u8..10) {
            let check = (0..10).map(|check| format!("{digits}{check}")).find(|full| check_digit_holds(full));
            let good = check.expect("one of ten fits");
            prop_assert!(gtin_key(&good).is_some());
            let mut bad = good.into_bytes();
            bad[at] = b'0' + (bad[at] - b'0' + by) % 10;
            let bad = String::from_utf8(bad).expect("digits");
            prop_assert!(!check_digit_holds(&bad));
        }

        #[test]
        fn keys_are_stable_and_any_text_is_bearable(text in "\\PC{0,40}") {
            if let Some(key) = sku_key(&text) {
                prop_assert_eq!(sku_key(&key), Some(key.clone()));
            }
            if let Some(key) = gtin_key(&text) {
                prop_assert_eq!(gtin_key(&key), Some(key.clone()));
                prop_assert_eq!(key.len(), 14);
            }
        }
    }
}
