//! Where columns find their values.

use super::*;

#[test]
fn pointers_lead_into_objects_and_arrays() {
    let document = r#"{"a":{"b":{"c":1}},"l":[10,[20,21],{"x":30}],"o":{"0":40,"-":50},"a/b":60,"m~n":70,"":80,"a.b":90}"#;
    for (path, expected) in [
        ("/a/b/c", Some(1)),
        ("/l/0", Some(10)),
        ("/l/1/1", Some(21)),
        ("/l/2/x", Some(30)),
        ("/l/3", None),
        ("/l/00", None),
        ("/l/-", None),
        ("/l/x", None),
        ("/o/0", Some(40)),
        ("/o/-", Some(50)),
        ("/a~1b", Some(60)),
        ("/m~0n", Some(70)),
        ("/", Some(80)),
        ("a.b", Some(90)),
        ("/a/b/c/d", None),
        ("/l/0/x", None),
        ("/nowhere/at/all", None),
    ] {
        let (arrays, bad) = one(&format!("json:v:int64={path}"), document);
        assert_eq!((bad.len(), int64s(&arrays[0])), (0, vec![expected]), "{path}");
    }
}

#[test]
fn columns_may_share_a_place_and_lie_within_one_another() {
    let spec = r#"json:all:json="",l:json=/l,first:int64=/l/0,again:float64=/l/0"#;
    let (arrays, bad) = one(spec, r#" {"l":[5, "x"],"y":1} "#);
    assert_eq!(bad, []);
    assert_eq!(arrays[0].as_string::<i32>().value(0), r#"{"l":[5, "x"],"y":1}"#);
    assert_eq!(arrays[1].as_string::<i32>().value(0), r#"[5, "x"]"#);
    assert_eq!((int64s(&arrays[2]), arrays[3].as_primitive::<Float64Type>().value(0)), (vec![Some(5)], 5.0));
    let (arrays, bad) = one(spec, r#"{"l":null}"#);
    assert!(bad.is_empty() && arrays[1].is_null(0) && arrays[2].is_null(0) && arrays[3].is_null(0));
}

#[test]
fn the_inside_of_objects_on_the_way_is_judged_and_what_is_beside_them_is_not() {
    let error = refused("json:b:int64=/a/b", br#"{"a":{"b":1 "c":2}}"#);
    assert_eq!((error.reason, error.position), (Reason::Syntax, 12));
    assert_eq!(shown("json:b:int64=/a/b", br#"{"a":[1,,2]}"#), "null", "an array is no way to a name");
    let error = refused("json:b:int64=/a/1", br#"{"a":[1,2 3]}"#);
    assert_eq!((error.reason, error.position), (Reason::Syntax, 10));
}

#[test]
fn the_depth_is_limited_where_it_is_judged() {
    let nested = |levels: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
    let (arrays, bad) = one("json:a:json", &nested(127));
    assert!(bad.is_empty() && !arrays[0].is_null(0));
    let error = refused("json:a:json", nested(128).as_bytes());
    assert_eq!((error.reason, error.position), (Reason::Limit, 5 + 127));
    assert_eq!(refused("json:a:json;depth=2", br#"{"a":[[1]]}"#).reason, Reason::Limit);
    assert_eq!(shown("json:a:json;depth=3", br#"{"a":[[1]]}"#), "[[1]]");
    assert_eq!(shown("json:a:json=/x/a;depth=2", br#"{"x":{"a":1}}"#), "1");
    assert_eq!(refused("json:a:json=/x/a;depth=2", br#"{"x":{"a":[]}}"#).reason, Reason::Limit);
}

#[test]
fn pointers_go_through_arrays_and_names_with_escapes() {
    let document = br#"{"items":[{"price":1},{"price":2}],"a/b":{"m~n":3},"0":{"1":4}}"#;
    for (pointer, expected) in [
        ("/items/0/price", "1"),
        ("/items/1/price", "2"),
        ("/items/2/price", "null"),
        ("/items/00/price", "null"),
        ("/a~1b/m~0n", "3"),
        ("/0/1", "4"),
    ] {
        assert_eq!(shown(&format!("json:p:int64={pointer}"), document), expected, "{pointer}");
    }
}

#[test]
fn of_several_spellings_the_one_that_comes_last_counts() {
    let spec = "json:p:int64=/px|price|/q/p";
    for (document, expected) in [
        (r#"{"px":1}"#, "1"),
        (r#"{"price":2}"#, "2"),
        (r#"{"q":{"p":3}}"#, "3"),
        (r#"{"px":1,"price":2}"#, "2"),
        (r#"{"price":2,"px":1}"#, "1"),
        (r#"{"price":2,"px":1,"q":{}}"#, "1"),
        (r#"{"px":"no int","price":2}"#, "2"),
        (r#"{"q":{"p":"no int"},"price":2}"#, "2"),
        (r#"{"q":{"p":3},"px":1,"q":{}}"#, "1"),
        (r#"{"px":1,"price":null}"#, "null"),
        (r#"{"q":3}"#, "null"),
    ] {
        assert_eq!(shown(spec, document.as_bytes()), expected, "{document}");
    }
    assert_eq!(refused(spec, br#"{"px":1,"price":"no int"}"#).reason, Reason::Type);
    assert_eq!(refused("json:p:int64!=/px|/price", b"{}").reason, Reason::Null);
    assert_eq!(shown("json:p:list<int8>=/px|/price", br#"{"px":[1,2],"price":[3]}"#), "[3]");
}
