use proptest::prelude::*;

use super::*;

fn table(text: &str) -> Table {
    read(text.as_bytes()).expect("a table")
}

/// `line field`, for each error.
fn wrong(table: &Table) -> Vec<String> {
    let tell = |error: &RowError| format!("{} {}", error.line, error.field);
    table.errors.iter().map(tell).collect()
}

fn pieces(rows: &[Row]) -> Vec<(i32, &str)> {
    rows.iter().map(|row| (row.quantity, row.offer_sku.as_str())).collect()
}

#[test]
fn a_kit_and_a_second_choice() {
    let read = table(
        "variant_sku,alternative,supplier,offer_sku,quantity\n\
         KIT,2,east,E-SET,1\n\
         KIT,1,north,N-TEA,2\n\
         MUG,,north,N-MUG,\n\
         KIT,1,east,E-BOX,1\n",
    );
    assert_eq!((read.rows, wrong(&read)), (4, vec![]));
    let told: Vec<Vec<Vec<(i32, &str)>>> = read
        .entries
        .iter()
        .map(|entry| entry.alternatives.iter().map(|rows| pieces(rows)).collect())
        .collect();
    assert_eq!(told[0], [vec![(2, "N-TEA"), (1, "E-BOX")], vec![(1, "E-SET")]]);
    assert_eq!(told[1], [vec![(1, "N-MUG")]]);
}

#[test]
fn what_spreadsheets_make_of_it_is_read() {
    let plain = table("variant_id,supplier,offer_sku\n1,north,A\n");
    for text in [
        "\u{feff}variant_id,supplier,offer_sku\r\n1,north,A\r\n",
        "variant_id;supplier;offer_sku\n1;north;A\n",
        "Variant ID\tSupplier\tOffer SKU\n1\tnorth\tA\n",
        "\"variant_id\";\"supplier\";\"offer_sku\";\"\"\n\"1\";\"NORTH\";\"A\";\"\"\n;;;\n\n",
    ] {
        assert_eq!(table(text), plain, "{text:?}");
    }
    let told = table("sep=;\nvariant_id;supplier;offer_sku\n0;north;A\n");
    assert_eq!(wrong(&told), ["3 variant_id"]);
    // Whatever ends the lines, and with empty ones between, the row is the one that people see.
    let told = table("variant_id,product,supplier,offer_sku\r\n0,,north,A\r\n\r\n0,,north,A\r\n");
    assert_eq!(wrong(&told), ["2 variant_id", "4 variant_id"]);
}

#[test]
fn what_is_no_such_table_is_refused_as_a_whole() {
    let check = |bytes: &[u8], expect: FileError| assert_eq!(read(bytes), Err(expect));
    check(b"", FileError::Empty);
    check(b"\xff\xfev\0a\0", FileError::NotUtf8);
    check(
        b"variant_id,supplier,offer_sku,quanity\n",
        FileError::UnknownColumn("quanity".to_owned()),
    );
    check(
        b"variant_id,supplier,supplier,offer_sku\n",
        FileError::ColumnTwice("supplier".to_owned()),
    );
    check(b"variant_id,offer_sku\n", FileError::NoColumn("supplier"));
    check(b"supplier,offer_sku\n", FileError::NoColumn("variant_id"));
    // What a quote that is not closed takes in is not lost unsaid.
    for rest in [
        "\"Mug\n2,north,A,Cup\n",
        "\"Mug\r\n2,north,A,\"Cup\"\r\n",
        "\"two\nlines\"\n",
    ] {
        let text = format!("variant_id,supplier,offer_sku,product\n1,north,A,{rest}");
        let told = read(text.as_bytes());
        assert!(matches!(told, Err(FileError::Unreadable { line: 2, .. })), "{told:?}");
    }
    let many = "1,north,A\n".repeat(MOST_ROWS + 1);
    check(
        format!("variant_id,supplier,offer_sku\n{many}").as_bytes(),
        FileError::TooManyRows,
    );
}

#[test]
fn each_wrong_cell_is_named_and_the_other_variants_are_taken() {
    let head = "variant_id,variant_sku,alternative,supplier,offer_sku,quantity,valid_from,valid_until,accepted_cost,currency\n";
    let check = |row: &str, expect: &[&str]| {
        let read = table(&format!("{head}{row}\n9,,1,north,A,1,,,,\n"));
        assert_eq!(wrong(&read), expect, "{row}");
        assert_eq!(read.entries.len(), 1, "{row}");
    };
    check("1,,1,north,A,0,,,,", &["2 quantity"]);
    check("1,,1,north,A,-3,,,,", &["2 quantity"]);
    check("1,,1,north,A,1.5,,,,", &["2 quantity"]);
    check("1,,0,north,A,1,,,,", &["2 alternative"]);
    check(",,1,north,A,1,,,,", &["2 variant_id"]);
    check("4.37291E+13,,1,north,A,1,,,,", &["2 variant_id"]);
    check("1,,1,,A,1,,,,", &["2 supplier"]);
    check("1,,1,north,,1,,,,", &["2 offer_sku"]);
    check("1,,1,north,A,1,24.12.2026,,,", &["2 valid_from"]);
    check("1,,1,north,A,1,,2026-02-30,,", &["2 valid_until"]);
    check("1,,1,north,A,1,2026-12-24,2026-12-01,,", &["2 valid_until"]);
    check("1,,1,north,A,1,,,4.20,", &["2 currency"]);
    check("1,,1,north,A,1,,,4.20,XYZ", &["2 currency"]);
    check("1,,1,north,A,1,,,'-4.20,EUR", &["2 accepted_cost"]);
    check("1,,1,north,A,1,,,4.2034,EUR", &["2 accepted_cost"]);
    // All that is wrong with a row at once.
    check(
        "x,,y,,,0,,,,",
        &[
            "2 variant_id",
            "2 alternative",
            "2 quantity",
            "2 supplier",
            "2 offer_sku",
        ],
    );
}

#[test]
fn half_a_kit_is_not_taken() {
    let read =
        table("variant_sku,supplier,offer_sku,quantity\nKIT,north,N-TEA,2\nKIT,east,E-BOX,none\nMUG,north,N-MUG,1\n");
    assert_eq!(wrong(&read), ["3 quantity"]);
    assert_eq!(read.entries.len(), 1);
    assert_eq!(read.entries[0].variant, VariantName::Sku("MUG".to_owned()));
    assert_eq!(read.bad, BTreeMap::from([(VariantName::Sku("KIT".to_owned()), 3)]));
    // A row whose id cannot be read is about the SKU's variant.
    let ids = table("variant_id,variant_sku,supplier,offer_sku\n44001,KIT,north,N-TEA\n4.4E+04,KIT,east,E-BOX\n");
    assert_eq!(ids.bad, BTreeMap::from([(VariantName::Sku("KIT".to_owned()), 3)]));
    let days = table("variant_sku,supplier,offer_sku,valid_from\nKIT,north,N-TEA,2026-12-01\nKIT,east,E-BOX,\n");
    assert_eq!((wrong(&days), days.entries.len()), (vec!["3 valid_from".to_owned()], 0));
    assert_eq!(days.bad.len(), 1);
}

#[test]
fn a_row_that_stands_twice_is_told() {
    let head = "variant_sku,alternative,supplier,offer_sku,quantity\n";
    let check = |rows: &str, expect: &[&str]| {
        let read = table(&format!("{head}{rows}MUG,1,north,A,1\n"));
        assert_eq!(wrong(&read), expect, "{rows}");
        assert_eq!(read.entries.len(), 2 - usize::from(!expect.is_empty()), "{rows}");
    };
    check("KIT,1,north,A,1\nKIT,1,north,A,1\n", &["3 offer_sku"]);
    check("KIT,,north,A,1\nKIT,1,NORTH,A,4\n", &["3 offer_sku"]);
    check("KIT,1,north,A,1\nKIT,1,east,A,1\nKIT,1,north,A,1\n", &["4 offer_sku"]);
    check("KIT,1,north,A,1\nKIT,2,north,A,2\n", &[]);
    check("KIT,1,north,A,1\nKIT,1,east,A,1\n", &[]);
    let read = table(&format!("{head}KIT,1,north,A,1\nKIT,1,north,A,1\n"));
    assert_eq!(read.errors[0].message, "the same offer stands in row 2; use quantity");
}

/// Nobody could tell whether two rows are a kit or a second choice.
#[test]
fn several_rows_of_a_variant_need_the_column_of_alternatives() {
    let read = table("variant_sku,supplier,offer_sku\nMUG,north,A\nKIT,north,A\nKIT,east,B\nKIT,north,A\n");
    assert_eq!(wrong(&read), ["4 alternative", "5 offer_sku"]);
    let message = &read.errors[0].message;
    assert!(
        message.contains("row 3 ") && message.contains("column “alternative”"),
        "{message}"
    );
    assert_eq!(read.entries.len(), 1, "the mug is taken");
}

#[test]
fn no_cell_is_a_formula() {
    for cell in ["=1+1", "+49", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''@"] {
        assert!(guarded(cell).starts_with('\''), "{cell:?}");
        assert_eq!(unguarded(&guarded(cell)), cell);
    }
    for cell in ["", "A-1", "'tis", "5'"] {
        assert_eq!(guarded(cell), cell);
        assert_eq!(unguarded(cell), cell);
    }
}

proptest! {
    /// What is written is read again, whatever the cells hold.
    #[test]
    fn what_is_written_is_read_again(sku in "\\PC{1,20}", offer in "[=+@'\"\\-,; A-Z0-9]{1,12}", quantity in 1i32..1000) {
        let (sku, offer) = (sku.trim(), offer.trim());
        prop_assume!(!sku.is_empty() && !offer.is_empty());
        let text = heading() + &line(["", sku, "=HYPERLINK(1)", "1", "north", offer, &quantity.to_string(), "2026-12-01", "", "4.20", "EUR"]);
        let read = read(text.as_bytes()).expect("a table");
        prop_assert_eq!(&read.errors, &vec![]);
        let row = &read.entries[0].alternatives[0][0];
        prop_assert_eq!(&row.variant, &VariantName::Sku(sku.to_owned()));
        prop_assert_eq!(&row.offer_sku, offer);
        prop_assert_eq!(row.quantity, quantity);
        prop_assert_eq!(row.accepted, Some(Money::new(420, Currency::parse("EUR").expect("a currency"))));
    }

    #[test]
    fn any_bytes_are_bearable(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(read(&bytes));
    }
}
