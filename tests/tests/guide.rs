//! The guide claims nothing that is not tested: each row of its tables of features and failures names a test, and each test
//! that it names is there. And pages are rendered as they are meant: links lead somewhere, tables are tables.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const GUIDE: &str = "runtime-tokio/src/guide";
const SUITES: &str = "tests/conformance/suites.rs";
/// What a row says that has no test, because it has nothing to be tested.
const NOT_YET: &str = "not yet";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// The rows of a chapter's tables, heads left out, by their cells.
fn rows(chapter: &str) -> Vec<Vec<String>> {
    let text = read(&format!("{GUIDE}/{chapter}.rs")).expect("the chapter is there");
    let cells: Vec<Option<Vec<String>>> = text.lines().map(cells).collect();
    let is_rule = |row: &Option<Vec<String>>| {
        row.as_ref().is_some_and(|cells| cells.iter().all(|cell| cell.trim_matches('-').is_empty()))
    };
    let mut rows = Vec::new();
    for (number, row) in cells.iter().enumerate() {
        let is_head = cells.get(number + 1).is_some_and(is_rule);
        if !is_head && !is_rule(row) {
            rows.extend(row.clone());
        }
    }
    rows
}

fn cells(line: &str) -> Option<Vec<String>> {
    let row = line.strip_prefix("//! |")?.strip_suffix('|')?;
    Some(row.split('|').map(|cell| cell.trim().to_owned()).collect())
}

/// What stands in backticks as `path/file.rs::test`.
fn named(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('`').skip(1).step_by(2).filter_map(|span| {
        let (path, test) = span.split_once("::")?;
        path.ends_with(".rs").then_some((path, test))
    })
}

/// Whether the file has the test, as a function with the attribute, or as a behaviour that the suites list.
fn is_there(path: &str, test: &str) -> Result<(), &'static str> {
    let text = read(path).ok_or("there is no such file")?;
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let at = lines.iter().position(|line| is_function(line, test)).ok_or("there is no such function")?;
    if let Some(behaviour) = path.strip_prefix("tests/conformance/behaviours/") {
        let suites = read(SUITES).ok_or("there are no suites")?;
        return if is_listed(&suites, behaviour, test) { Ok(()) } else { Err("no suite has it") };
    }
    let attributes =
        lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("$("));
    let is_test =
        attributes.into_iter().any(|line| line.starts_with("#[test") || line.starts_with("#[tokio::test"));
    if is_test { Ok(()) } else { Err("it is no test") }
}

fn is_function(line: &str, name: &str) -> bool {
    let mut words = line.split_whitespace().skip_while(|word| *word != "fn").skip(1);
    words.next().is_some_and(|word| word.split(['(', '<']).next() == Some(name))
}

/// Whether `tests! { … suite; file: test, test; … }` has this one, of `suite/file.rs`.
fn is_listed(suites: &str, behaviour: &str, test: &str) -> bool {
    let Some((suite, file)) = behaviour.trim_end_matches(".rs").split_once('/') else { return false };
    let lists =
        suites.split("tests! {").skip(1).filter_map(|list| list.split_once('}')).map(|(list, _)| list);
    let mut files = lists
        .filter_map(|list| list.trim_start().strip_prefix("$attributes ")?.split_once(';'))
        .filter(|(name, _)| *name == suite)
        .flat_map(|(_, files)| files.split(';'))
        .filter_map(|list| list.split_once(':'))
        .filter(|(name, _)| name.trim() == file);
    files.any(|(_, tests)| tests.split(',').any(|name| name.trim() == test))
}

/// What is wrong with a chapter, by the test that it is about.
fn wrongs(chapter: &str) -> BTreeMap<String, &'static str> {
    let text = read(&format!("{GUIDE}/{chapter}.rs")).expect("the chapter is there");
    let of_tests = named(&text).filter_map(|(path, test)| {
        let wrong = is_there(path, test).err()?;
        Some((format!("{path}::{test}"), wrong))
    });
    let of_rows = rows(chapter).into_iter().filter_map(|cells| {
        let [what, here, tests] = &cells[..] else {
            return Some((cells.join(" | "), "it has not three cells"));
        };
        let is_proved = named(tests).next().is_some();
        let wrong = match here.starts_with(NOT_YET) {
            true if is_proved => "a test for what there is not",
            false if !is_proved => "no test",
            _ => return None,
        };
        Some((format!("{what}: {here}"), wrong))
    });
    of_tests.chain(of_rows).collect()
}

#[test]
fn every_feature_names_the_test_that_proves_it() {
    assert!(rows("features").len() > 80);
    let wrongs = wrongs("features");
    assert!(wrongs.is_empty(), "{wrongs:#?}");
}

#[test]
fn every_failure_names_the_test_that_shows_it_away() {
    assert!(rows("failures").len() > 30);
    let wrongs = wrongs("failures");
    assert!(wrongs.is_empty(), "{wrongs:#?}");
}

#[test]
fn every_file_that_the_guide_names_is_there() {
    let mut count = 0;
    for chapter in fs::read_dir(root().join(GUIDE)).expect("the guide is there") {
        let text = fs::read_to_string(chapter.expect("it can be read").path()).expect("it is text");
        for span in text.split('`').skip(1).step_by(2) {
            let path = span.split_once("::").map_or(span, |(path, _)| path);
            if ["core/", "runtime-tokio/", "tests/"].iter().any(|folder| path.starts_with(folder)) {
                assert!(root().join(path).exists(), "{path}");
                count += 1;
            }
        }
    }
    assert!(count > 100);
}

/// What a page of Markdown links to, of the project itself.
fn links(page: &str) -> Vec<String> {
    let text = read(page).expect("the page is there");
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets.filter(|target| !target.starts_with("http")).map(str::to_owned).collect()
}

#[test]
fn every_link_of_a_page_leads_to_a_file() {
    let mut count = 0;
    for page in ["README.md", "CONTRIBUTING.md", "runtime-async-std/README.md", "tests/peers/README.md"] {
        let folder = root().join(page).parent().map(Path::to_path_buf).unwrap_or_default();
        for link in links(page) {
            let path = link.split('#').next().unwrap_or_default();
            assert!(folder.join(path).exists(), "{page} links to {link}");
            count += 1;
        }
    }
    assert!(count > 30);
}

/// The text that is rendered: of Markdown each line, of Rust its doc comments; other lines are `None`. Without what stands in
/// fences.
fn rendered(text: &str, is_rust: bool) -> Vec<Option<&str>> {
    let doc = |line| {
        let line = str::trim_start(line);
        let text = line.strip_prefix("//!").or_else(|| line.strip_prefix("///"))?;
        Some(text.strip_prefix(' ').unwrap_or(text))
    };
    let mut is_fenced = false;
    text.lines()
        .map(|line| if is_rust { doc(line) } else { Some(line) })
        .map(|line| {
            let is_fence = line.is_some_and(|line| line.trim_start().starts_with("```"));
            is_fenced = line.is_some() && is_fenced != is_fence;
            line.filter(|_| !is_fenced && !is_fence)
        })
        .collect()
}

/// The cells of a table's row; a bar in code, or behind a backslash, divides none.
fn row(line: &str) -> Option<Vec<String>> {
    let inner = line.strip_prefix('|')?.trim_end();
    let (mut cells, mut is_code, mut before) = (vec![String::new()], false, ' ');
    for symbol in inner.strip_suffix('|').unwrap_or(inner).chars() {
        is_code ^= symbol == '`';
        match cells.last_mut() {
            Some(_) if symbol == '|' && !is_code && before != '\\' => cells.push(String::new()),
            Some(cell) => cell.push(symbol),
            None => {}
        }
        before = symbol;
    }
    Some(cells.into_iter().map(|cell| cell.trim().to_owned()).collect())
}

/// What is wrong with the tables of a page, with the number of the line.
fn crooked(text: &str, is_rust: bool) -> Vec<(usize, &'static str)> {
    let lines = rendered(text, is_rust);
    let mut wrongs = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let rows: Vec<_> = lines[at..].iter().map_while(|line| row((*line)?)).collect();
        let [head, rest @ ..] = &rows[..] else {
            at += 1;
            continue;
        };
        let is_rule =
            |cell: &String| cell.contains('-') && cell.trim_matches(':').trim_matches('-').is_empty();
        if !rest.first().is_some_and(|rule| rule.iter().all(is_rule)) {
            wrongs.push((at + 2, "no rule below the head of a table"));
        }
        for (number, cells) in rest.iter().enumerate() {
            if cells.len() != head.len() {
                wrongs.push((at + 2 + number, "not as many cells as the head has"));
            }
            if !cells[0].is_empty() && rest[..number].iter().any(|earlier| earlier[0] == cells[0]) {
                wrongs.push((at + 2 + number, "a row begins like another"));
            }
        }
        at += rows.len();
        if lines.get(at).is_some_and(|line| line.is_some_and(|line| !line.trim().is_empty())) {
            wrongs.push((at + 1, "no empty line behind a table"));
        }
    }
    wrongs
}

/// All files with documentation, the generated and the foreign left out.
fn pages() -> Vec<PathBuf> {
    let (mut folders, mut pages) = (vec![root()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let is_foreign = name.starts_with('.') || ["target", "node_modules", "corpus"].contains(&name);
            let extension = path.extension().and_then(|extension| extension.to_str());
            if path.is_dir() && !is_foreign {
                folders.push(path);
            } else if matches!(extension, Some("rs" | "md")) {
                pages.push(path);
            }
        }
    }
    pages
}

#[test]
fn every_table_is_rendered_as_one() {
    let pages = pages();
    assert!(pages.len() > 300);
    let mut tables = 0;
    let mut wrongs = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).expect("it is text");
        let is_rust = page.extension().is_some_and(|extension| extension == "rs");
        let rows = rendered(&text, is_rust).into_iter().flatten().filter_map(row);
        tables += rows.filter(|cells| cells.iter().all(|cell| cell.starts_with("--"))).count();
        wrongs.extend(crooked(&text, is_rust).into_iter().map(|wrong| (page.clone(), wrong)));
    }
    assert!(tables > 50, "{tables}");
    assert!(wrongs.is_empty(), "{wrongs:#?}");
}

#[test]
fn a_table_that_is_none_is_found_out() {
    let table = [
        ("//! | a | b |\n//! | --- | :-: |\n//! | `|` | \\| |\n//!\n//! text", vec![]),
        ("    /// | a |\n    /// | --- |\n    fn text() {}\n", vec![]),
        ("//! ```text\n//! | a |\n//! ```\n//! text", vec![]),
        ("//! | a |\n//! | b |\n//! | --- |", vec![(2, "no rule below the head of a table")]),
        ("//! | a |", vec![(2, "no rule below the head of a table")]),
        ("//! | a | b |\n//! | - | - |\n//! | 1 |", vec![(3, "not as many cells as the head has")]),
        ("//! | a |\n//! | - |\n//! | 1 |\n//! | 1 |", vec![(4, "a row begins like another")]),
        ("//! | a |\n//! | - |\n//! # Next", vec![(3, "no empty line behind a table")]),
    ];
    for (text, wrongs) in table {
        assert_eq!(crooked(text, true), wrongs, "{text}");
    }
}

#[test]
fn an_application_that_has_throng_tokio_alone_can_take_what_the_guide_and_the_examples_say() {
    let mut folders = vec![root().join(GUIDE), root().join("runtime-tokio/examples")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("it is text");
                for other in ["throng_core", "throng_runtime"] {
                    assert!(!text.contains(other), "{} names {other}", path.display());
                }
                count += 1;
            }
        }
    }
    assert!(count > 15);
}

#[test]
fn what_is_no_test_is_found_out() {
    let rooms = "tests/conformance/behaviours/hub/targets.rs";
    assert_eq!(is_there(rooms, "what_does_not_exist_is_said"), Ok(()));
    assert_eq!(is_there(SUITES, "every_case_is_answered_as_it_must_be"), Ok(()));
    assert_eq!(is_there("tests/tests/guide.rs", "what_is_no_test_is_found_out"), Ok(()));
    assert_eq!(is_there("tests/tests/guide.rs", "is_there"), Err("it is no test"));
    assert_eq!(is_there("tests/tests/guide.rs", "is"), Err("there is no such function"));
    assert_eq!(is_there("tests/tests/nowhere.rs", "is"), Err("there is no such file"));
    let suites = "tests! { $attributes hub; targets: one, two; rooms: three; }";
    assert!(is_listed(suites, "hub/targets.rs", "two") && !is_listed(suites, "hub/rooms.rs", "two"));
    assert!(!is_listed(suites, "wire/targets.rs", "two"));
}

/// The features of a package, each with whether `default` turns it on, by itself or by another feature.
fn features(manifest: &str) -> BTreeMap<String, bool> {
    let text = read(&format!("{manifest}/Cargo.toml")).expect("there is a manifest");
    let (_, section) = text.split_once("\n[features]\n").expect("it has features");
    let section = section.split("\n[").next().unwrap_or_default();
    let lists: BTreeMap<&str, Vec<&str>> = section
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, list)| (name, list.split('"').skip(1).step_by(2).collect()))
        .collect();
    let mut on = vec!["default"];
    let mut next = 0;
    while let Some(name) = on.get(next).copied() {
        next += 1;
        let more = lists.get(name).into_iter().flatten().filter(|name| lists.contains_key(**name));
        let more: Vec<_> = more.copied().filter(|name| !on.contains(name)).collect();
        on.extend(more);
    }
    let named = lists.keys().filter(|name| **name != "default");
    named.map(|name| ((*name).to_owned(), on.contains(name))).collect()
}

/// The features in a table whose head begins with `feature` and `on by default`.
fn features_in(path: &str) -> BTreeMap<String, bool> {
    let text = read(path).expect("the page is there");
    let lines = text.lines().map(|line| line.trim_start_matches("//!").trim());
    let table =
        lines.skip_while(|line| !line.starts_with("| feature |")).take_while(|line| line.starts_with('|'));
    let rows = table.skip(2).map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    rows.flat_map(|cells| {
        let (names, rest) = (cells[1], cells[2]);
        let is_on = rest.starts_with("yes");
        names.split('`').skip(1).step_by(2).map(move |name| (name.to_owned(), is_on)).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn the_tables_of_features_are_those_of_the_packages() {
    let of_tokio = features("runtime-tokio");
    assert!(of_tokio["tower"] && !of_tokio["redis"], "{of_tokio:?}");
    assert_eq!(features_in("README.md"), of_tokio);
    assert_eq!(features_in("runtime-tokio/src/lib.rs"), of_tokio);
}
