//! Against `serde_json`: a description read off the oracle's tree by the rules, one by one, and documents that fit it more or less.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::decode::json::oracle::shown;
use crate::decode::tests::decode;
use crate::spec::object::{
    Field, Scalar, Shape, Value, any_val, array_val, bool_val, long_val, object_entries_val, object_val, skip_val, string_val,
    tuple_val, typed_object_val,
};
use crate::spec::{self, Type};

fn any_leaf() -> impl Strategy<Value = Value> {
    let leaf = prop::sample::select(vec![
        string_val(),
        string_val().lenient(),
        string_val().on_missing("missing").on_null("null"),
        bool_val(),
        bool_val().allow_string(true).on_null("true"),
        long_val(),
        long_val().on_missing("-1"),
        any_val(),
        skip_val(),
    ]);
    (leaf, any::<bool>(), any::<bool>()).prop_map(|(leaf, missing, null)| {
        let (missing, null) = (missing || leaf.on_missing.is_some(), null || leaf.on_null.is_some());
        leaf.allow_missing(missing).allow_null(null)
    })
}

fn any_fields(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<(String, Value)>> {
    prop::collection::btree_map("[abc]", inner, 0..4).prop_map(|fields| fields.into_iter().collect())
}

fn any_described() -> impl Strategy<Value = Value> {
    any_leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            3 => any_fields(inner.clone()).prop_map(object_val),
            1 => (any_fields(inner.clone()), any::<bool>()).prop_map(|(fields, open)| object_val(fields).allow_unknown_fields(open).strict()),
            2 => inner.clone().prop_map(array_val),
            1 => prop::collection::vec(inner.clone(), 1..4).prop_map(tuple_val),
            1 => inner.clone().prop_map(object_entries_val),
            1 => (any_fields(inner.clone()), any_fields(inner), any::<bool>()).prop_map(|(x, y, open)| {
                let objects = [("x", object_val(x)), ("y", object_val(y))];
                typed_object_val("t", objects).shared_fields([("d", string_val())]).allow_unknown_types(open)
            }),
        ]
    })
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-20_i64..20).prop_map(Json::from),
        Just(json!(1.5)),
        prop::sample::select(vec!["x", "y", "z", "", "TRUE", "null", "ä\n"]).prop_map(Json::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::btree_map("[abcdt]", inner, 0..4).prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// Values that mostly fit the description.
fn fitting(value: &Value) -> BoxedStrategy<Json> {
    let fits = match &value.shape {
        Shape::Scalar(Scalar::Plain(Type::Utf8)) => prop::sample::select(vec!["", "a", "ä\"\\"]).prop_map(Json::from).boxed(),
        Shape::Scalar(Scalar::Plain(Type::Bool)) => any::<bool>().prop_map(Json::from).boxed(),
        Shape::Scalar(_) => any::<i64>().prop_map(Json::from).boxed(),
        Shape::Any | Shape::Skip => any_json().boxed(),
        Shape::Array(element) => prop::collection::vec(fitting(element), 0..4).prop_map(Json::from).boxed(),
        Shape::Tuple(elements) => {
            elements.iter().map(|(_, element)| fitting(element)).collect::<Vec<_>>().prop_map(Json::from).boxed()
        }
        Shape::Object(members) => fitting_fields(members.fields.iter(), None),
        Shape::Entries { value, .. } => prop::collection::btree_map("[a-e]", fitting(value), 0..4)
            .prop_map(|members| Json::Object(members.into_iter().collect()))
            .boxed(),
        Shape::Typed(typed) => {
            let of = |(name, object): &(String, Value)| {
                let Shape::Object(members) = &object.shape else { panic!("an object") };
                fitting_fields(typed.shared.iter().chain(&members.fields), Some(name.clone()))
            };
            prop::strategy::Union::new(typed.objects.iter().map(of)).boxed()
        }
    };
    prop_oneof![20 => fits, 1 => Just(Json::Null), 1 => any_json()].boxed()
}

fn fitting_fields<'a>(fields: impl Iterator<Item = &'a Field>, tag: Option<String>) -> BoxedStrategy<Json> {
    let members: Vec<_> =
        fields.map(|field| (Just(field.name.clone()), prop::option::weighted(0.9, fitting(&field.value)))).collect();
    (members, prop::option::weighted(0.2, any_json()))
        .prop_map(move |(members, other)| {
            let mut object = Map::new();
            object.extend(other.map(|other| ("other".to_owned(), other)));
            object.extend(members.into_iter().filter_map(|(name, value)| Some((name, value?))));
            object.extend(tag.clone().map(|tag| ("t".to_owned(), Json::from(tag))));
            Json::Object(object)
        })
        .boxed()
}

/// The values of the columns; `None` is an error. No value at all is a missing one.
fn expected(value: &Value, json: Option<&Json>) -> Option<Vec<Json>> {
    let absent = match json {
        None if !value.allow_missing => return None,
        Some(Json::Null) if !value.allow_null => return None,
        None | Some(Json::Null) => true,
        Some(_) => false,
    };
    let default = if json.is_none() { &value.on_missing } else { &value.on_null };
    let nulls = |count: usize| vec![Json::Null; count];
    match &value.shape {
        Shape::Skip => Some(Vec::new()),
        Shape::Scalar(scalar) if absent => Some(vec![match (default, scalar) {
            (None, _) => Json::Null,
            (Some(text), Scalar::Plain(Type::Utf8)) => Json::from(text.as_str()),
            (Some(text), _) => serde_json::from_str(text).unwrap(),
        }]),
        Shape::Scalar(Scalar::Plain(Type::Utf8)) => Some(vec![match json? {
            Json::String(text) => Json::from(text.as_str()),
            Json::Number(number) if number.is_i64() && value.allow.int => Json::from(number.to_string()),
            Json::Number(number) if number.is_f64() && value.allow.decimal => Json::from(number.to_string()),
            Json::Bool(flag) if value.allow.bool => Json::from(flag.to_string()),
            _ => return None,
        }]),
        Shape::Scalar(Scalar::Plain(Type::Bool)) => match json? {
            Json::Bool(flag) => Some(vec![Json::from(*flag)]),
            Json::String(text) if value.allow.string => match text.as_str() {
                "TRUE" => Some(vec![Json::from(true)]),
                "null" => expected(value, Some(&Json::Null)),
                _ => None,
            },
            _ => None,
        },
        Shape::Scalar(_) => Some(vec![Json::from(json?.as_i64()?)]),
        Shape::Any => Some(vec![json.cloned().unwrap_or(Json::Null)]),
        Shape::Array(_) | Shape::Entries { .. } | Shape::Typed(_) if absent => Some(nulls(columns(value))),
        Shape::Array(element) => {
            let items: Vec<_> = json?.as_array()?.iter().map(|item| expected(element, Some(item))).collect::<Option<_>>()?;
            Some(turned(items, columns(element)))
        }
        Shape::Entries { value, .. } => {
            let object = json?.as_object()?;
            let items: Vec<_> = object.values().map(|item| expected(value, Some(item))).collect::<Option<_>>()?;
            let keys = Json::from(object.keys().map(String::as_str).collect::<Vec<_>>());
            Some(std::iter::once(keys).chain(turned(items, columns(value))).collect())
        }
        Shape::Tuple(elements) => {
            let items = if absent { None } else { Some(json?.as_array().filter(|items| items.len() == elements.len())?) };
            let each = elements
                .iter()
                .enumerate()
                .map(|(index, (_, element))| expected(element, items.map_or(json, |items| items.get(index))));
            each.collect::<Option<Vec<_>>>().map(|columns| columns.concat())
        }
        Shape::Object(members) => {
            let object = if absent { None } else { Some(json?.as_object()?) };
            let known = |name: &String| members.fields.iter().any(|field| field.name == *name);
            if members.refuse_unknown && object.is_some_and(|object| !object.keys().all(known)) {
                return None;
            }
            let each =
                members.fields.iter().map(|field| expected(&field.value, object.map_or(json, |object| object.get(&field.name))));
            each.collect::<Option<Vec<_>>>().map(|columns| columns.concat())
        }
        Shape::Typed(typed) => {
            let object = json?.as_object()?;
            let tag = match object.get("t")? {
                Json::Null => Json::Null,
                Json::String(text) => Json::from(text.as_str()),
                Json::Number(number) if number.is_i64() => Json::from(number.to_string()),
                _ => return None,
            };
            let known = typed.objects.iter().any(|(name, _)| tag == json!(name));
            if !known && typed.refuse_unknown && !tag.is_null() {
                return None;
            }
            let mut row = vec![tag.clone()];
            for field in &typed.shared {
                row.extend(if known { expected(&field.value, object.get(&field.name))? } else { nulls(columns(&field.value)) });
            }
            for (name, other) in &typed.objects {
                row.extend(if tag == json!(name) { expected(other, Some(&json!(object)))? } else { nulls(columns(other)) });
            }
            Some(row)
        }
    }
}

fn columns(value: &Value) -> usize {
    spec::ObjectSpec::Value(value.clone()).columns().unwrap().len()
}

/// Rows of columns as columns of lists.
fn turned(rows: Vec<Vec<Json>>, columns: usize) -> Vec<Json> {
    (0..columns).map(|column| Json::from(rows.iter().map(|row| row[column].clone()).collect::<Vec<_>>())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn a_description_gives_what_its_rules_say_of_the_oracle_s_tree(
        (described, documents) in any_described().prop_flat_map(|described| {
            let documents = prop::collection::vec(fitting(&described), 1..4);
            (Just(described), documents)
        }),
        pretty in any::<bool>(),
    ) {
        let described_spec = spec::object(described.clone());
        prop_assume!(described_spec.validate().is_ok()); // names of columns may meet
        let types: Vec<Type> = spec::ObjectSpec::Value(described.clone()).columns().unwrap().into_iter().map(|(_, one)| one).collect();
        let texts: Vec<String> = documents
            .iter()
            .map(|json| if pretty { serde_json::to_string_pretty(json).unwrap() } else { json.to_string() })
            .collect();
        let payloads: Vec<_> = texts.iter().map(|text| Some(text.as_bytes())).collect();
        let (arrays, bad) = decode(&described_spec.to_string(), &payloads);
        for (row, json) in documents.iter().enumerate() {
            let error = bad.iter().find(|bad| bad.index == row);
            match expected(&described, Some(json)) {
                Some(expected) => {
                    prop_assert!(error.is_none(), "{} {}: {:?}", described, json, error);
                    for ((array, data_type), expected) in arrays.iter().zip(&types).zip(expected) {
                        prop_assert_eq!(shown(data_type, array.as_ref(), row), expected, "{} {}", described, json);
                    }
                }
                None => {
                    prop_assert!(error.is_some(), "{} {}", described, json);
                    prop_assert!(error.unwrap().error.position <= texts[row].len());
                }
            }
        }
    }

    #[test]
    fn a_broken_document_is_an_error_and_nothing_more(
        (described, document) in any_described().prop_flat_map(|described| { let one = fitting(&described); (Just(described), one) }),
        at: prop::sample::Index,
        byte in prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\",:0-.e\\u n".to_vec())],
        cut in any::<bool>(),
    ) {
        let spec = spec::object(described);
        prop_assume!(spec.validate().is_ok());
        let whole = document.to_string().into_bytes();
        let mut broken = whole.clone();
        let at = at.index(broken.len());
        broken[at] = byte;
        broken.truncate(if cut { at } else { broken.len() });
        let (arrays, bad) = decode(&spec.to_string(), &[Some(&whole), Some(&broken), Some(&whole)]);
        for array in &arrays {
            prop_assert_eq!(&array.slice(0, 1), &array.slice(2, 1));
        }
        let errors = |index: usize| bad.iter().find(|bad| bad.index == index).map(|bad| &bad.error);
        prop_assert_eq!(errors(0), errors(2));
        prop_assert!(errors(1).is_none_or(|error| error.position <= broken.len()));
        if cut && at > 0 && (document.is_object() || document.is_array()) {
            prop_assert!(errors(1).is_some(), "{:?}", String::from_utf8_lossy(&broken));
        }
    }
}
