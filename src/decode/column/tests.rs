use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, Float64Builder, Int64Builder, ListBuilder, MapBuilder, StringBuilder, StructBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::i256;
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use proptest::prelude::*;

use super::*;
use crate::spec::Type;

fn every_type() -> Vec<Type> {
    use Type::*;
    let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    let mut all = vec![
        Bool,
        Int8,
        Int16,
        Int32,
        Int64,
        UInt8,
        UInt16,
        UInt32,
        UInt64,
        Float32,
        Float64,
        Utf8,
        Binary,
        Uuid,
        Char,
        Instant,
        Date32,
        Json,
        Decimal(38, 4),
        Decimal256(76, 4),
        Type::list(Int16),
        Type::list(Type::list(Utf8)),
        Type::structure([("a", Utf8), ("b", Type::list(Bool)), ("c", Type::structure([("d", Uuid)]))]),
        Type::map(Utf8, Type::map(Int64, Float64)),
    ];
    all.extend(units.map(Timestamp));
    all.extend(units.map(Time));
    all
}

/// Row `i` of any column: null for every third, else something made of `i`.
fn push(column: &mut Column, i: u8) {
    if i % 3 == 2 {
        return column.append_null();
    }
    match &column.values {
        Values::Bool(_) => column.push_bool(i.is_multiple_of(2)),
        Values::Int8(_) => column.push(i as i8),
        Values::Int16(_) => column.push(i16::from(i)),
        Values::Int32(_) => column.push(i32::from(i)),
        Values::Int64(_) => column.push(i64::from(i)),
        Values::UInt8(_) => column.push(i),
        Values::UInt16(_) => column.push(u16::from(i)),
        Values::UInt32(_) => column.push(u32::from(i)),
        Values::UInt64(_) => column.push(u64::from(i)),
        Values::Float32(_) => column.push(f32::from(i)),
        Values::Float64(_) => column.push(f64::from(i)),
        Values::Int128(_) => column.push(i128::from(i)),
        Values::Int256(_) => column.push(i256::from_i128(i128::from(i))),
        Values::Bytes { .. } => column.push_str(&"ä".repeat(usize::from(i))).unwrap(),
        Values::Fixed { .. } => column.push_bytes(&[i; 16]).unwrap(),
        Values::List { .. } if matches!(column.field().data_type(), DataType::Map(..)) => {
            column.push_map(|keys, values| pairs(keys, values, i)).unwrap();
        }
        Values::List { .. } => column.push_list(|items| (0..i).try_for_each(|item| added(items, item))).unwrap(),
        Values::Struct { .. } => column.push_struct(|fields| fields.iter_mut().try_for_each(|field| added(field, i))).unwrap(),
    }
}

fn added(column: &mut Column, i: u8) -> Result<(), ColumnFull> {
    push(column, i);
    Ok(())
}

fn pairs(keys: &mut Column, values: &mut Column, i: u8) -> Result<(), ColumnFull> {
    for entry in (0..i).filter(|entry| entry % 3 != 2) {
        push(keys, entry);
        push(values, entry + 1);
    }
    Ok(())
}

fn filled(data_type: &Type, rows: impl IntoIterator<Item = u8>) -> Column {
    let mut column = Column::new(&data_type.field("c")).unwrap();
    rows.into_iter().for_each(|i| push(&mut column, i));
    column
}

#[test]
fn a_finished_column_has_the_type_of_its_field_and_its_rows() {
    for data_type in &every_type() {
        let mut column = filled(data_type, 0..10);
        assert_eq!(column.len(), 10);
        let field = Arc::clone(column.field());
        let array = column.finish().unwrap();
        assert_eq!((array.len(), array.null_count()), (10, 3), "{data_type}");
        assert!(column.is_empty());
        RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap();
    }
}

#[test]
fn removing_rows_leaves_what_appending_only_the_others_gives() {
    for data_type in &every_type() {
        let mut column = filled(data_type, 0..10);
        column.remove_rows(2, &[0, 3, 4, 7]);
        let expected = filled(data_type, [0, 1, 3, 4, 7, 8]).finish().unwrap();
        assert_eq!(&column.finish().unwrap(), &expected, "{data_type}");
    }
}

#[test]
fn removing_no_rows_or_rows_beyond_the_end_changes_nothing() {
    let mut column = filled(&Type::Utf8, 0..4);
    column.remove_rows(0, &[]);
    column.remove_rows(4, &[0, 1]);
    assert_eq!(&column.finish().unwrap(), &filled(&Type::Utf8, 0..4).finish().unwrap());
}

#[test]
fn truncating_leaves_what_appending_fewer_gives_and_appending_goes_on() {
    for data_type in &every_type() {
        let mut column = filled(data_type, 0..10);
        column.truncate(4);
        column.truncate(7);
        push(&mut column, 9);
        let expected = filled(data_type, [0, 1, 2, 3, 9]).finish().unwrap();
        assert_eq!(&column.finish().unwrap(), &expected, "{data_type}");
    }
}

#[test]
fn a_column_without_nulls_has_no_validity_and_a_finished_one_starts_anew() {
    let mut column = filled(&Type::Int64, [0, 1]);
    assert!(column.finish().unwrap().nulls().is_none());
    push(&mut column, 4);
    column.append_null();
    let second = column.finish().unwrap();
    let second = second.as_primitive::<Int64Type>();
    assert_eq!(second.iter().collect::<Vec<_>>(), [Some(4), None]);
}

#[test]
fn metadata_columns_of_the_lane_are_columns_too() {
    let field: FieldRef = Arc::new(Field::new("KafkaTimestamp", Type::Timestamp(TimeUnit::Millisecond).data_type(), true));
    let mut column = Column::new(&field).unwrap();
    column.reserve(2);
    column.push_i64(7);
    let array = column.finish().unwrap();
    assert_eq!(array.as_primitive::<TimestampMillisecondType>().value(0), 7);
    assert_eq!(array.data_type(), field.data_type());
}

#[test]
fn a_failed_write_leaves_the_column_as_it_was() {
    let mut column = filled(&Type::Utf8, [1]);
    let failed: Result<(), Box<DecodeError>> = column.push_with(|data| {
        data.extend_from_slice(b"half");
        Err(ColumnFull.into())
    });
    assert!(failed.is_err());
    assert_eq!(column.len(), 1);
    column.push_str("x").unwrap();
    assert_eq!(column.finish().unwrap().as_string::<i32>().iter().collect::<Vec<_>>(), [Some("ä"), Some("x")]);
}

#[test]
fn a_type_without_columns_is_refused() {
    let field: FieldRef = Arc::new(Field::new("m", DataType::Null, true));
    assert!(matches!(Column::new(&field), Err(Error::Columns { .. })));
}

#[test]
fn memory_is_counted_and_room_is_what_offsets_can_address() {
    let mut column = Column::new(&Type::Utf8.field("c")).unwrap();
    assert_eq!(column.room(), i32::MAX as usize);
    column.push_str(&"x".repeat(1000)).unwrap();
    assert!(column.bytes() >= 1000);
    assert_eq!(column.room(), i32::MAX as usize - 1000);
    assert_eq!(filled(&Type::Int64, [1]).room(), usize::MAX);
}

/// A value of `list<struct<a:int64,b:list<utf8>,m:map<utf8,float64>>>`, `None` for null.
type Items = Option<Vec<Option<(Option<i64>, Option<Vec<Option<String>>>, Option<Vec<(String, Option<f64>)>>)>>>;

fn any_items() -> impl Strategy<Value = Items> {
    let texts = prop::option::of(prop::collection::vec(prop::option::of("[aä]{0,3}"), 0..4));
    let entries = prop::option::of(prop::collection::vec(("[ab]{1,2}", prop::option::of(-9.0..9.0_f64)), 0..3));
    prop::option::of(prop::collection::vec(prop::option::of((prop::option::of(any::<i64>()), texts, entries)), 0..4))
}

const NESTED: &str = "list<struct<a:int64,b:list<utf8>,m:map<utf8,float64>>>";

/// Appends the items; where `fails`, the last step does.
fn push_items(column: &mut Column, items: &Items, fails: bool) -> Result<(), ColumnFull> {
    let Some(items) = items else {
        column.append_null();
        return Ok(());
    };
    column.push_list(|structs| {
        for item in items {
            let Some((a, b, m)) = item else {
                structs.append_null();
                continue;
            };
            structs.push_struct(|fields| {
                a.map(|a| fields[0].push_i64(a)); // a field that gets nothing is null
                if let Some(b) = b {
                    fields[1].push_list(|texts| {
                        for text in b {
                            match text {
                                Some(text) => texts.push_str(text)?,
                                None => texts.append_null(),
                            }
                        }
                        Ok(())
                    })?;
                }
                if let Some(m) = m {
                    fields[2].push_map(|keys, values| {
                        for (key, value) in m {
                            keys.push_str(key)?;
                            match value {
                                Some(value) => values.push(*value),
                                None => values.append_null(),
                            }
                        }
                        Ok(())
                    })?;
                }
                Ok::<(), ColumnFull>(())
            })?;
        }
        if fails { Err(ColumnFull) } else { Ok(()) }
    })
}

/// The same by Arrow's own builders.
fn built(rows: &[Items]) -> ArrayRef {
    let Type::List(item) = Type::read(NESTED).unwrap() else { panic!() };
    let DataType::Struct(fields) = item.data_type() else { panic!() };
    let mut lists = ListBuilder::new(StructBuilder::from_fields(fields, 0));
    for row in rows {
        let structs = lists.values();
        for item in row.iter().flatten() {
            let (a, b, m) = item.clone().unwrap_or_default();
            structs.field_builder::<Int64Builder>(0).unwrap().append_option(a);
            let texts = structs.field_builder::<ListBuilder<Box<dyn ArrayBuilder>>>(1).unwrap();
            for text in b.iter().flatten() {
                texts.values().as_any_mut().downcast_mut::<StringBuilder>().unwrap().append_option(text.as_ref());
            }
            texts.append(b.is_some());
            let map = structs.field_builder::<MapBuilder<Box<dyn ArrayBuilder>, Box<dyn ArrayBuilder>>>(2).unwrap();
            for (key, value) in m.iter().flatten() {
                map.keys().as_any_mut().downcast_mut::<StringBuilder>().unwrap().append_value(key);
                map.values().as_any_mut().downcast_mut::<Float64Builder>().unwrap().append_option(*value);
            }
            map.append(m.is_some()).unwrap();
            structs.append(item.is_some());
        }
        lists.append(row.is_some());
    }
    Arc::new(lists.finish())
}

proptest! {
    #[test]
    fn nested_rows_pushed_failed_cut_and_removed_are_what_arrow_s_builders_make(
        steps in prop::collection::vec((any_items(), 0..10_u8, any::<prop::sample::Index>()), 0..30),
    ) {
        let mut column = Column::new(&Type::read(NESTED).unwrap().field("c")).unwrap();
        let mut rows: Vec<Items> = Vec::new();
        for (items, step, at) in steps {
            match step {
                0 => {
                    let keep = at.index(rows.len() + 1);
                    column.truncate(keep);
                    rows.truncate(keep);
                }
                1 if !rows.is_empty() => {
                    let start = at.index(rows.len());
                    let gone: Vec<usize> = (0..rows.len() - start).step_by(2).collect();
                    column.remove_rows(start, &gone);
                    let mut row = 0;
                    rows.retain(|_| { row += 1; row - 1 < start || !(row - 1 - start).is_multiple_of(2) });
                }
                2 => {
                    column.append_nulls(2);
                    rows.extend([None, None]);
                }
                3 => prop_assert_eq!(push_items(&mut column, &items, true).is_err(), items.is_some()),
                4 => {
                    prop_assert_eq!(&column.finish().unwrap(), &built(&rows));
                    rows.clear();
                    column.reserve(3);
                    continue;
                }
                _ => {
                    push_items(&mut column, &items, false).unwrap();
                    rows.push(items.clone());
                }
            }
            if step == 3 && items.is_none() {
                rows.push(None);
            }
            prop_assert_eq!(column.len(), rows.len());
        }
        prop_assert!(column.bytes() >= rows.len() * 4);
        prop_assert_eq!(&column.finish().unwrap(), &built(&rows));
    }
}

#[test]
fn of_rows_with_one_value_all_but_the_last_are_found_whether_there_are_few_or_many() {
    for many in [0, 20] {
        let mut column = Column::new(&Type::Utf8.field("c")).unwrap();
        column.push_str("a").unwrap();
        for text in ["a", "b", "a", "", "b"] {
            column.push_str(text).unwrap();
        }
        column.append_null();
        (0..many).for_each(|number| column.push_str(&number.to_string()).unwrap());
        assert_eq!(column.same_rows(1), [0, 1], "an empty text is no null");
    }
}

#[test]
fn the_room_of_a_list_is_that_of_its_items() {
    let column = filled(&Type::list(Type::Utf8), [4]);
    assert_eq!(column.room(), i32::MAX as usize - 2 * 4, "one ä and three");
    assert_eq!(filled(&Type::list(Type::Int16), [4]).room(), i32::MAX as usize - 4);
}

#[test]
fn a_map_with_more_keys_than_values_or_a_struct_without_fields_does_not_come_to_be() {
    let field: FieldRef = Arc::new(Field::new("s", DataType::Struct(arrow_schema::Fields::empty()), true));
    assert!(matches!(Column::new(&field), Err(Error::Columns { .. })));
    let mut column = Column::new(&Type::map(Type::Utf8, Type::Int64).field("m")).unwrap();
    let failed = column.push_map(|keys, _| {
        keys.push_str("lone")?;
        Err(ColumnFull)
    });
    assert_eq!((failed, column.len()), (Err(ColumnFull), 0));
    push(&mut column, 4);
    assert_eq!(&column.finish().unwrap(), &filled(&Type::map(Type::Utf8, Type::Int64), [4]).finish().unwrap());
}
