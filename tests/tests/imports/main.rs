//! Imports run one way: no file and no folder of ours imports what imports it, however far round. What is read are the `use`
//! items of the sources and the paths in their code; tests and what only the documentation has are left out. Within each folder
//! its files and subfolders are compared, a subfolder as one: so a circle is seen between files, and between folders.
//!
//! A `mod.rs` (or `lib.rs`) that declares a module, or hands on what is in it, does not import it, unless it uses it itself. A path
//! by way of what a file hands on is a path to the file where it is.

mod source;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use source::{Named, bare, children, count_word, named, without_tests};

/// The sources of each crate, the lowest first.
const CRATES: &[&str] = &[
    "core/src",
    "core/runtime/src",
    "runtime-async-std/src",
    "runtime-tokio/src",
    "runtime-tokio/server/src",
];

/// Not part of what is shipped.
const LEFT_OUT: &[&str] = &["tests", "tests.rs", "embedding", "testing.rs", "guide"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A source file: where it is in the tree of modules, and what it names.
struct File {
    path: String,
    module: Vec<String>,
    code: String,
    named: Vec<Named>,
}

/// From one file or folder to another, with the names that are the reason.
type Edges = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

struct Crate {
    files: Vec<File>,
    by_module: BTreeMap<Vec<String>, usize>,
}

impl Crate {
    /// `files`: the path below `src` and the text of each.
    fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let files: Vec<_> = files
            .into_iter()
            .map(|(path, text)| {
                let code = without_tests(&bare(&text));
                let named = named(&code, &children(&code));
                let mut module: Vec<_> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
                if module.last().is_some_and(|last| last == "mod" || last == "lib") {
                    module.pop();
                }
                File { path, module, code, named }
            })
            .collect();
        let by_module = files.iter().enumerate().map(|(at, file)| (file.module.clone(), at)).collect();
        Self { files, by_module }
    }

    fn read(sources: &Path) -> Self {
        let (mut files, mut folders) = (Vec::new(), vec![PathBuf::new()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(sources.join(&folder)).expect("it is a folder") {
                let name = entry.expect("it can be read").file_name();
                let path = folder.join(&name);
                if LEFT_OUT.iter().any(|left_out| *left_out == name) {
                    continue;
                }
                if sources.join(&path).is_dir() {
                    folders.push(path);
                } else {
                    let text = fs::read_to_string(sources.join(&path)).expect("sources are text");
                    files.push((path.to_str().expect("names are text").to_owned(), text));
                }
            }
        }
        Self::of(files)
    }

    /// Every import, from file to file.
    fn imports(&self) -> Edges {
        let mut edges = Edges::new();
        for (at, file) in self.files.iter().enumerate() {
            for named in &file.named {
                let is_used = |bound: &String| count_word(&file.code, bound) > mentions(file, bound);
                if named.is_for_others && !named.bound.as_ref().is_some_and(is_used) {
                    continue;
                }
                if let Some((to, name)) = self.resolve(at, &named.path, 0)
                    && to != at
                {
                    let names = edges.entry(file.path.clone()).or_default();
                    names.entry(self.files[to].path.clone()).or_default().insert(name);
                }
            }
        }
        edges
    }

    /// The file in which what a path names stands, and its name there. `None` if it is not of this crate.
    fn resolve(&self, from: usize, path: &[String], depth: u32) -> Option<(usize, String)> {
        let mut module = self.files[from].module.clone();
        let mut rest = path.iter().peekable();
        match path.first()?.as_str() {
            "crate" => {
                module.clear();
                rest.next();
            }
            "self" => _ = rest.next(),
            "super" => {
                while rest.next_if(|segment| *segment == "super").is_some() {
                    module.pop();
                }
            }
            first => {
                module.push(first.to_owned());
                if !self.by_module.contains_key(&module) {
                    return None;
                }
                rest.next();
            }
        }
        while let Some(segment) = rest.peek() {
            module.push((*segment).clone());
            if !self.by_module.contains_key(&module) {
                module.pop();
                break;
            }
            rest.next();
        }
        let at = *self.by_module.get(&module)?;
        let Some(name) = rest.next() else { return Some((at, "self".to_owned())) };
        let handed_on = self.files[at].named.iter().find(|named| named.bound.as_ref() == Some(name));
        match handed_on {
            Some(named) if depth < 8 => {
                self.resolve(at, &named.path, depth + 1).or_else(|| Some((at, name.clone())))
            }
            _ => Some((at, name.clone())),
        }
    }
}

/// How often a word stands in the imports of a file.
fn mentions(file: &File, word: &str) -> usize {
    let declared = children(&file.code).iter().filter(|child| *child == word).count();
    let of = |named: &Named| named.path.iter().filter(|segment| *segment == word).count();
    file.named.iter().filter(|named| named.bound.is_some()).map(of).sum::<usize>() + declared
}

/// For each folder, the imports between what is directly in it.
fn by_folder(edges: &Edges) -> BTreeMap<String, Edges> {
    let mut folders: BTreeMap<String, Edges> = BTreeMap::new();
    for (from, targets) in edges {
        for (to, names) in targets {
            let (from, to): (Vec<_>, Vec<_>) = (from.split('/').collect(), to.split('/').collect());
            let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
            let part = |path: &[&str]| {
                let is_file = path.len() == common + 1;
                format!("{}{}", path[common], if is_file { "" } else { "/" })
            };
            let folder = folders.entry(from[..common].join("/")).or_default();
            folder
                .entry(part(&from))
                .or_default()
                .entry(part(&to))
                .or_default()
                .extend(names.iter().cloned());
        }
    }
    folders
}

/// For each that is in a circle, the shortest one; the shortest of all first, and no circle twice.
fn circles(edges: &Edges) -> Vec<Vec<String>> {
    let mut circles: Vec<_> = edges.keys().filter_map(|start| circle(edges, start)).collect();
    for circle in &mut circles {
        let least = (0..circle.len()).min_by_key(|at| &circle[*at]).unwrap_or(0);
        circle.rotate_left(least);
    }
    circles.sort_by_key(|circle| (circle.len(), circle.clone()));
    circles.dedup();
    circles
}

/// The shortest way from something back to itself.
fn circle(edges: &Edges, start: &str) -> Option<Vec<String>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(from) = queue.pop_front() {
        for to in edges.get(from).into_iter().flat_map(BTreeMap::keys) {
            if to == start {
                let mut way = vec![from.to_owned()];
                let mut at = from;
                while at != start {
                    at = came_from[at];
                    way.push(at.to_owned());
                }
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(to.as_str()) {
                came_from.insert(to, from);
                queue.push_back(to);
            }
        }
    }
    None
}

/// All circles of a crate, to be read by people.
fn report(sources: &str, krate: &Crate) -> String {
    let mut report = String::new();
    for (folder, edges) in by_folder(&krate.imports()) {
        for circle in circles(&edges) {
            let place = [sources, folder.as_str()].join("/");
            writeln!(report, "{}:", place.trim_end_matches('/')).expect("a string takes all");
            for (at, from) in circle.iter().enumerate() {
                let to = &circle[(at + 1) % circle.len()];
                let names: Vec<_> = edges[from][to].iter().take(6).map(String::as_str).collect();
                writeln!(report, "    {from} imports {} from {to}", names.join(", "))
                    .expect("a string takes all");
            }
        }
    }
    report
}

#[test]
fn imports_run_one_way() {
    let reports: String =
        CRATES.iter().map(|sources| report(sources, &Crate::read(&root().join(sources)))).collect();
    assert!(
        reports.is_empty(),
        "these import each other, the shortest circle of each folder first:\n{reports}"
    );
}

#[test]
fn no_crate_names_one_above_it() {
    let name = |sources: &&str| {
        format!(
            "throng_{}",
            sources.replace("/src", "").replace("core/", "").replace("runtime-", "").replace('-', "_")
        )
    };
    for (at, sources) in CRATES.iter().enumerate() {
        let krate = Crate::read(&root().join(sources));
        assert!(krate.files.len() > 5, "{sources}");
        // The hosts stand beside each other.
        for above in CRATES.iter().skip(at + 1).map(name) {
            let named: Vec<_> =
                krate.files.iter().filter(|file| count_word(&file.code, &above) > 0).collect();
            let named: Vec<_> = named.iter().map(|file| &file.path).collect();
            assert!(named.is_empty(), "{sources} names {above} in {named:?}");
        }
    }
}

fn reported(files: &[(&str, &str)]) -> String {
    report("src", &Crate::of(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))))
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let table: &[&[(&str, &str)]] = &[
        &[("a.rs", "use super::b::B;"), ("b.rs", "use crate::a::A;")],
        &[("a.rs", "use crate::{b::{self, B}};"), ("b.rs", "fn f() { crate::a::f(); }")],
        &[("a.rs", "fn f(_: super::b::B) {}"), ("b.rs", "pub(crate) use super::a::A; struct B(A);")],
        // By way of what another hands on.
        &[("lib.rs", "mod a; mod b; pub use a::A;"), ("a.rs", "use crate::b::B;"), ("b.rs", "use crate::A;")],
        // Between a folder's face and what is in it.
        &[("a/mod.rs", "mod b; use b::B; pub struct A(B);"), ("a/b.rs", "use super::A;")],
        // Between folders of which no two files import each other.
        &[
            ("a/mod.rs", ""),
            ("b/mod.rs", ""),
            ("a/x.rs", "use crate::b::x::X;"),
            ("b/x.rs", ""),
            ("b/y.rs", "use crate::a::y::Y;"),
            ("a/y.rs", ""),
        ],
        &[("a.rs", "use super::b::B;"), ("b.rs", "use super::c::C;"), ("c.rs", "use super::a::A;")],
    ];
    for files in table {
        assert!(!reported(files).is_empty(), "{files:?}");
    }
    let report = reported(&[("a.rs", "use super::b::B;"), ("b.rs", "use crate::a::{A, C};")]);
    assert_eq!(report, "src:\n    a.rs imports B from b.rs\n    b.rs imports A, C from a.rs\n");
}

#[test]
fn what_is_no_circle_is_none() {
    let table: &[&[(&str, &str)]] = &[
        &[("a.rs", "use super::b::B; // use crate::a::A;"), ("b.rs", "/// [`A`](crate::a::A)\nstruct B;")],
        &[("a.rs", "use super::b::B;"), ("b.rs", "const A: &str = \"crate::a::A\";")],
        &[("a.rs", "use super::b::B;"), ("b.rs", "#[cfg(test)]\nmod tests { use crate::a::A; }")],
        &[("a.rs", "use super::b::B;"), ("b.rs", "#[cfg(doc)]\nuse crate::a::A;")],
        // A table of contents.
        &[("a/mod.rs", "mod b; pub use b::B; pub struct A;"), ("a/b.rs", "use super::A;")],
        &[
            ("lib.rs", "mod a; mod b; pub use a::A;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use std::a::A;"),
        ],
    ];
    for files in table {
        assert_eq!(reported(files), "", "{files:?}");
    }
}
