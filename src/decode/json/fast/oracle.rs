//! The fast way against the plain decoder: the same columns and the same errors, whatever comes.

use super::super::{Fast, Json};
use super::Level;
use crate::decode::{BadPayload, Column, Decoder};
use crate::spec::{Kind, Names, Side, Spec};

fn decoder(spec: &Spec, level: &str) -> Json {
    let Kind::Json { columns } = &spec.kind else { panic!("{spec} is no JSON") };
    let fields = spec.columns(Side::Value, &Names::default()).expect("the spec is good");
    Json::new(fields, columns, spec.options).expect("the spec is good").at_level(level).expect("the machine has it")
}

/// Decodes payloads in pieces of `piece` by the plain decoder and by the fast way of each level, and gives how many of them went the fast
/// way, at each level alike.
///
/// # Panics
/// Where columns or errors are not the same.
pub(in crate::decode) fn compare(spec: &Spec, payloads: &[Option<&[u8]>], piece: usize) -> usize {
    let mut plain = decoder(spec, "plain");
    let (columns, errors) = decode(&mut plain, payloads, payloads.len().max(1));
    let finish =
        |columns: Vec<Column>| columns.into_iter().map(|mut column| column.finish().expect("a column")).collect::<Vec<_>>();
    let arrays = finish(columns);
    let mut taken = None;
    for level in Level::available() {
        let mut fast = decoder(spec, level.name());
        let found = decode(&mut fast, payloads, piece.max(1));
        for (found, expected) in found.1.iter().zip(&errors) {
            assert_eq!(found, expected, "{level:?} {spec}: {}", shown(payloads));
        }
        assert_eq!(found.1.len(), errors.len(), "{level:?} {spec}: {}", shown(payloads));
        for ((found, expected), field) in finish(found.0).iter().zip(&arrays).zip(fast.fields()) {
            assert_eq!(found, expected, "{level:?} {spec} column {}: {}", field.name(), shown(payloads));
        }
        let count = fast.fast.as_deref().map_or(0, |fast: &Fast| fast.taken);
        assert_eq!(*taken.get_or_insert(count), count, "{level:?}");
    }
    taken.unwrap_or(0)
}

fn decode(json: &mut Json, payloads: &[Option<&[u8]>], piece: usize) -> (Vec<Column>, Vec<BadPayload>) {
    let mut columns: Vec<Column> = json.fields().iter().map(|field| Column::new(field).expect("a type")).collect();
    let mut reports = Vec::new();
    for (number, payloads) in payloads.chunks(piece).enumerate() {
        let mut bad = Vec::new();
        json.decode(payloads, &mut columns, &mut bad);
        for column in &columns {
            assert_eq!(column.len(), number * piece + payloads.len(), "one row for each payload");
        }
        reports.extend(bad.into_iter().map(|bad| BadPayload { index: number * piece + bad.index, ..bad }));
    }
    (columns, reports)
}

fn shown(payloads: &[Option<&[u8]>]) -> String {
    let texts = payloads.iter().map(|payload| payload.map_or("null".into(), |payload| payload.escape_ascii().to_string()));
    texts.collect::<Vec<_>>().join("\n")
}
