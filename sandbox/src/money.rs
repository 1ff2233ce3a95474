//! Money as whole minor units, and the decimal strings that the wire wants. Currencies are known
//! by their number of decimals alone.

/// `1234` of a two-decimal currency is `"12.34"`.
pub(crate) fn format_minor(minor: i64, currency: &str) -> String {
    let decimals = decimals(currency);
    if decimals == 0 {
        return minor.to_string();
    }
    let sign = if minor < 0 { "-" } else { "" };
    let unit = 10_u64.pow(decimals);
    let minor = minor.unsigned_abs();
    let width = decimals as usize;
    format!("{sign}{}.{:0width$}", minor / unit, minor % unit)
}

/// The reverse of [`format_minor`]; `None` for anything but a plain decimal with no more places
/// than the currency has.
pub(crate) fn parse_minor(text: &str, currency: &str) -> Option<i64> {
    let decimals = decimals(currency) as usize;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > decimals {
        return None;
    }
    format!("{whole}{fraction:0<decimals$}")
        .parse::<i64>()
        .ok()
        .map(|minor| sign * minor)
}

fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV"
        | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}
