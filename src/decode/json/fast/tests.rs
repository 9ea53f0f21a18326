//! The fast way on topics as they are and as nobody wants them, against the plain decoder.

use fastrand::Rng;
use proptest::prelude::*;

use super::oracle::compare;
use crate::spec::{self, Spec, column};

const ORDERS: &str =
    "json:Symbol:utf8,Side:utf8,Price:float64,Qty:int64,Tstamp:timestamp,src:utf8=/Meta/src,seq:uint32=/Meta/seq,Live:bool";

/// Specs over the members of [`document`].
const SPECS: [&str; 13] = [
    ORDERS,
    "json:Symbol:utf8,Price:float32,Qty:int8,Day:date32,Live:bool,Big:uint64",
    "json:Qty:int16,Big:int64,Tstamp:timestamp(ms),Epoch:timestamp(us,number=ms),Price:float64",
    "json:Meta:json,Symbol:char,Price:decimal(12,4),Flags:list<int64>,Epoch:timestamp(ns),Side:utf8,Qty:int64,Live:bool",
    "json:Meta:struct<src:utf8,seq:int64>,flags:list<int64>=/Flags,Symbol:utf8,Qty:int64",
    "json:flag:int64=/Meta/flags/0,Symbol:utf8,src:utf8=/Meta/src",
    NESTED,
    "json:Meta:struct<src:utf8,none:struct<x:utf8,y:list<float64>>,tags:list<utf8>>,tags:list<utf8>=/Labels/tags,Flags:list<bool>",
    "json:Items:list<struct<sku:utf8,qty:uint8!>>,Meta:struct<tags:list<utf8!>>,Flags:list<float32>,Symbol:utf8,Price:float64",
    "json:Items:list<struct<sku:timestamp,qty:float64,at:timestamp>>,Flags:list<int64>!,Meta:struct<flags:list<uint8>>;depth=3",
    "json:Symbol:utf8!,Qty:int32?7,Price:float64",
    "json:px:float64=/Price|/Qty,Symbol:utf8",
    "json:Symbol:utf8,Price:float64,Qty:int64,Live:bool,Tstamp:timestamp;lenient",
];

const NESTED: &str = "json:Items:list<struct<sku:utf8,qty:int16,ok:bool,at:utf8>>,\
    Meta:struct<src:utf8,seq:int64,flags:list<int64>,tags:list<utf8>>,Flags:list<int16>,Symbol:utf8";

/// How a topic is written.
#[derive(Debug, Clone)]
struct Style {
    colon: &'static str,
    comma: &'static str,
    /// In a hundred: how often a member is missing, is twice there, holds something unusual; how often members are in another order; and
    /// how often bytes are changed.
    missing: u8,
    twice: u8,
    unusual: u8,
    shuffled: u8,
    changed: u8,
    /// Whether there are texts that are not ASCII, or have escapes.
    foreign: u8,
}

fn any_style() -> impl Strategy<Value = Style> {
    let percent = || prop::sample::select(vec![0, 0, 0, 2, 10, 50]);
    let gap = || prop::sample::select(vec![(":", ","), (":", ","), (": ", ", "), (" :\t", "\n,")]);
    (gap(), percent(), percent(), percent(), percent(), percent(), percent()).prop_map(
        |((colon, comma), missing, twice, unusual, shuffled, changed, foreign)| Style {
            colon,
            comma,
            missing,
            twice,
            unusual,
            shuffled,
            changed,
            foreign,
        },
    )
}

fn happens(random: &mut Rng, percent: u8) -> bool {
    random.u8(..100) < percent
}

fn text(style: &Style, random: &mut Rng) -> String {
    let length = if random.u8(..8) == 0 { random.usize(..60) } else { random.usize(..12) };
    let mut text: String = std::iter::repeat_with(|| random.alphanumeric()).take(length).collect();
    if happens(random, style.foreign) {
        text.push_str(
            ["é", "\\u00e9", "\\\"", "😀", "\\\\", "\\ud800", "\t", "\\n\\n", "{", "},", ":[", "\u{7f}"][random.usize(..12)],
        );
    }
    format!("\"{text}\"")
}

fn number(random: &mut Rng) -> String {
    match random.u8(..10) {
        0 => format!("-{}.{}", random.u32(..1000), random.u32(..1000)),
        1 => random.i64(..).to_string(),
        2 => format!("{:e}", random.f64() * 1e10),
        3 => (random.f64() * 1e6).to_string(),
        4 => [
            "0",
            "-0",
            "-0.0",
            "1.0",
            "1e3",
            "0.5",
            "255",
            "256",
            "-128",
            "-129",
            "32768",
            "9007199254740993",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "1.00000017881393432617187499",
            "16777217",
            "1.000000059604645",
        ][random.usize(..18)]
        .into(),
        _ => format!("{}.{:04}", random.u32(1..500), random.u32(..10_000)),
    }
}

fn timestamp(random: &mut Rng) -> String {
    let (minute, second) = (random.u32(58..60), random.u32(..60));
    match random.u8(..12) {
        0 => format!("\"2026-11-18 11:{minute:02}:{second:02}Z\""),
        1 => format!("\"2026-11-18T11:{minute:02}:{second:02}.5+02:00\""),
        2 => format!("\"2026-11-18T11:{minute:02}:{second:02}\""),
        3 => format!("\"2026-02-{:02}T11:{minute:02}:{second:02}.123Z\"", random.u8(20..31)),
        4 => format!("\"9999-11-18T11:{minute:02}:{second:02}.12345678901Z\""),
        5 => format!("\"2026-11-18T11:{minute:02}:{:02}Z\"", random.u8(55..65)),
        _ => format!("\"2026-11-18T11:{minute:02}:{second:02}.{:09}Z\"", random.u32(..1_000_000_000)),
    }
}

fn unusual(random: &mut Rng) -> String {
    const VALUES: [&str; 30] = [
        "null",
        "true",
        "false",
        "{}",
        "[]",
        "[1,2]",
        "[\"a\",\"b\"]",
        "{\"x\":{\"y\":[1]}}",
        "\"12\"",
        "\"\"",
        "\"null\"",
        "tru",
        "nul",
        "x",
        "1.",
        "-",
        "01",
        "1e",
        "1.5",
        "1e400",
        "123456789012345678901234567890",
        "\"2026-11-18\"",
        "\"2026-11-18T11:06:40Z\"",
        "12 ",
        " 12",
        "[[{}]]",
        "1,2",
        "\"a\" ",
        "{\"src\":\"z\"}",
        "007",
    ];
    VALUES[random.usize(..VALUES.len())].into()
}

fn object(members: Vec<(&str, String)>, style: &Style, random: &mut Rng) -> String {
    let mut written = Vec::new();
    for (key, value) in members {
        if happens(random, style.missing) {
            continue;
        }
        let value = if happens(random, style.unusual) { unusual(random) } else { value };
        let key = if happens(random, style.changed / 4) { key.replace('S', "\\u0053") } else { key.to_owned() };
        let member = format!("\"{key}\"{}{value}", style.colon);
        if happens(random, style.twice) {
            let other = if random.bool() { unusual(random) } else { value };
            written.push(format!("\"{key}\"{}{other}", style.colon));
        }
        written.push(member);
    }
    if happens(random, style.shuffled) {
        random.shuffle(&mut written);
    }
    format!("{{{}}}", written.join(style.comma))
}

fn document(style: &Style, random: &mut Rng) -> Vec<u8> {
    let flags: Vec<String> = (0..random.usize(..4)).map(|_| random.u8(..).to_string()).collect();
    let flags = format!("[{}]", flags.join(","));
    let tags: Vec<String> = (0..random.usize(..3)).map(|_| text(style, random)).collect();
    let meta = vec![
        ("src", text(style, random)),
        ("seq", random.u32(..).to_string()),
        ("flags", flags.clone()),
        ("tags", format!("[{}]", tags.join(","))),
    ];
    let meta = object(meta, style, random);
    let labels: Vec<(String, String)> =
        (0..random.usize(..3)).map(|_| (random.u8(..).to_string(), text(style, random))).collect();
    let labels = object(labels.iter().map(|(key, value)| (key.as_str(), value.clone())).collect(), style, random);
    let items: Vec<String> = (0..random.usize(..4))
        .map(|_| {
            let members = vec![
                ("sku", text(style, random)),
                ("qty", random.u8(..200).to_string()),
                ("ok", random.bool().to_string()),
                ("at", timestamp(random)),
            ];
            if happens(random, style.unusual / 4) { unusual(random) } else { object(members, style, random) }
        })
        .collect();
    let members = vec![
        ("Symbol", text(style, random)),
        ("Side", ["\"BUY\"", "\"SELL\""][random.usize(..2)].into()),
        ("OrderId", text(style, random)),
        ("Price", number(random)),
        ("Qty", random.u8(..200).to_string()),
        ("Live", random.bool().to_string()),
        ("Tstamp", timestamp(random)),
        ("Epoch", random.i64(-1000..1_800_000_000_000).to_string()),
        ("Day", format!("\"2026-11-{:02}\"", random.u8(15..32))),
        ("Big", random.u64(..).to_string()),
        ("Flags", flags),
        ("Items", format!("[{}]", items.join(style.comma))),
        ("Meta", meta),
        ("Labels", labels),
    ];
    let mut bytes = object(members, style, random).into_bytes();
    if random.u8(..50) == 0 {
        bytes.splice(..0, *b"\xef\xbb\xbf ");
    }
    while happens(random, style.changed) {
        const TELLING: &[u8] = b"\"\"\"\\{}[],,::  \n\0\x1f\x7f\x80\xc3\xff019.-enultr";
        let at = random.usize(..bytes.len().max(1)).min(bytes.len());
        match random.u8(..5) {
            0 if at < bytes.len() => drop(bytes.remove(at)),
            1 => bytes.insert(at, TELLING[random.usize(..TELLING.len())]),
            2 => bytes.truncate(at),
            3 => bytes.extend([b' ', b'}', b'x', b'{'].iter().take(random.usize(..3))),
            _ if at < bytes.len() => {
                bytes[at] = if random.bool() { random.u8(..) } else { TELLING[random.usize(..TELLING.len())] }
            }
            _ => {}
        }
    }
    bytes
}

fn topic(styles: &[Style], documents: usize, seed: u64) -> Vec<Option<Vec<u8>>> {
    let mut random = Rng::with_seed(seed);
    // Most of the time as before: layouts change while a topic runs.
    let mut style = &styles[0];
    (0..documents)
        .map(|_| {
            if random.u8(..20) == 0 {
                style = &styles[random.usize(..styles.len())];
            }
            (random.u8(..40) > 0).then(|| document(style, &mut random))
        })
        .collect()
}

fn taken(spec: &str, topic: &[Option<Vec<u8>>], piece: usize) -> usize {
    let payloads: Vec<Option<&[u8]>> = topic.iter().map(Option::as_deref).collect();
    compare(&Spec::parse(spec).unwrap(), &payloads, piece)
}

const REGULAR: Style = Style { colon: ":", comma: ",", missing: 0, twice: 0, unusual: 0, shuffled: 0, changed: 0, foreign: 0 };

#[test]
fn documents_that_are_alike_go_the_fast_way() {
    for style in [REGULAR, Style { colon: ": ", comma: ", ", ..REGULAR }] {
        let topic = topic(&[style], 2000, 1);
        let there = topic.iter().flatten().count();
        for spec in [ORDERS, SPECS[4], NESTED] {
            let taken = taken(spec, &topic, 700);
            assert!(taken > there / 2, "{spec}: {taken} of {there}");
        }
    }
}

#[test]
fn fields_that_come_and_go_and_keys_in_any_order_go_the_fast_way() {
    for style in [Style { missing: 10, ..REGULAR }, Style { shuffled: 100, ..REGULAR }, Style { foreign: 100, ..REGULAR }] {
        let topic = topic(std::slice::from_ref(&style), 4000, 2);
        let taken = taken("json:Symbol:utf8,Qty:int64,Price:float64,Live:bool", &topic, 4000);
        assert!(taken > 1500, "{style:?}: {taken}");
    }
}

#[test]
fn a_struct_or_list_is_null_empty_or_there_as_it_stands() {
    let texts = [
        r#"{"Items":[{"sku":"a","qty":1},{"qty":2},{}],"Meta":{"src":"x","flags":[1,2],"tags":["a","b"]},"Flags":[1]}"#,
        r#"{"Items":[],"Meta":{"src":"x","flags":[],"tags":[]},"Flags":[]}"#,
        r#"{"Items":null,"Meta":null,"Flags":null}"#,
        r#"{"Meta":{"flags":null,"tags":null,"src":null},"Flags":[null,3]}"#,
        r#"{"Items":[{}],"Meta":{}}"#,
        r#"{"Items":[{"sku":"a","sku":"b","qty":1}],"Flags":[40000]}"#,
        r#"{"Items":[{"sku":"a","qty":70000}],"Flags":[1,2]}"#,
        r#"{"Items":[null,{"sku":"a"}],"Meta":{"tags":[null]}}"#,
        r#"{"Items":{},"Meta":[],"Flags":5}"#,
        r#"{"Items":"x","Meta":"y","Flags":"z"}"#,
        r#"{"Meta":{"src":"a"},"Meta":{"seq":1}}"#,
        r#"{"Meta":null,"Meta":{"seq":1}}"#,
        r#"{"Items":[{"sku":"a"}],"Items":[]}"#,
        r#"{"Items":[{"sku":"\u00e9\n","at":"2026-11-18T11:06:40Z"}],"Meta":{"tags":["\"","é"]}}"#,
        r#"{"Items":[1],"Meta":{"tags":[1],"flags":["1"]},"Flags":[[1]]}"#,
    ];
    for seed in 0..40 {
        let mut random = Rng::with_seed(seed);
        // Few kinds in each topic, so that most are known.
        let kinds: Vec<&str> = (0..3).map(|_| texts[random.usize(..texts.len())]).collect();
        let topic: Vec<_> = (0..200).map(|_| Some(kinds[random.usize(..kinds.len())].as_bytes().to_vec())).collect();
        taken(NESTED, &topic, 100);
    }
    let topic = vec![Some(texts[0].as_bytes().to_vec()); 500];
    assert!(taken(NESTED, &topic, 500) > 400);
}

#[test]
fn a_struct_that_is_the_whole_document_is_there() {
    let whole: Spec = spec::json([column("Whole", "struct<Symbol:utf8,Meta:struct<seq:int64>>".parse().unwrap()).at("")]);
    let topic = topic(&[REGULAR], 200, 3);
    let payloads: Vec<Option<&[u8]>> = topic.iter().map(Option::as_deref).collect();
    compare(&whole, &payloads, 64);
}

#[test]
fn a_member_that_comes_twice_is_left_to_the_plain_decoder_wherever_it_is() {
    let document = |more: &str| format!(r#"{{"Symbol":"a","Meta":{{"src":"x","seq":1}}{more},"Qty":1}}"#).into_bytes();
    let twice =
        [r#","Meta":{"seq":2}"#, r#","Meta":5"#, r#","Meta":null"#, r#","Symbol":null"#, r#","Symbol":"b""#, r#","Meta":{}"#];
    let topic: Vec<_> =
        (0..2000).map(|row| Some(document(if row % 10 == 9 { twice[row / 10 % twice.len()] } else { "" }))).collect();
    assert_eq!(taken(ORDERS, &topic, 2000), taken(ORDERS, &topic, 1));
    assert!(taken(ORDERS, &topic, 2000) <= 1800);
}

#[test]
fn a_text_is_no_number_although_another_document_made_its_place_known() {
    // The first Qty of the first document is an error, which the second one makes good.
    let first = br#"{"Qty":"5","Qty":5,"Symbol":"a"}"#.to_vec();
    let then = br#"{"Qty":"5","Symbol":"a"}"#.to_vec();
    let topic: Vec<_> = [&first, &first, &then, &then, &first, &then].into_iter().cloned().map(Some).collect();
    taken("json:Qty:int64,Symbol:utf8", &topic, 6);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(96), ..ProptestConfig::default() })]

    #[test]
    fn any_topic_gives_the_columns_and_errors_of_the_plain_decoder(
        styles in prop::collection::vec(any_style(), 1..4), seed: u64, spec in prop::sample::select(SPECS.to_vec()), piece in 1_usize..300,
    ) {
        taken(spec, &topic(&styles, 300, seed), piece);
    }
}
