//! What a source file says of others: the paths in it, without comments, texts, and what only tests or the documentation need.

/// One path that a file names, split at its colons, and the name under which a `use` binds it.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) path: Vec<String>,
    /// `None` for a path in code.
    pub(crate) bound: Option<String>,
    /// It is bound for others, by `pub use` or `pub(crate) use`.
    pub(crate) is_for_others: bool,
}

/// The text without comments, texts and characters.
pub(crate) fn bare(text: &str) -> String {
    let (mut bare, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").map_or(rest.len(), |end| end + 5)
        } else if first == '"' {
            text_length(rest)
        } else if first == '\'' {
            character_length(rest)
        } else {
            0
        };
        if skipped == 0 {
            bare.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            bare.push(' ');
            rest = &rest[skipped..];
        }
    }
    bare
}

/// Bytes of a text with its quotes.
fn text_length(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Bytes of a character with its quotes; zero if it is a lifetime.
fn character_length(rest: &str) -> usize {
    let mut inner = rest[1..].char_indices();
    match inner.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(0, |end| end + 4),
        Some((_, character)) if rest[1 + character.len_utf8()..].starts_with('\'') => {
            character.len_utf8() + 2
        }
        _ => 0,
    }
}

/// The code without items that only tests or the documentation have.
pub(crate) fn without_tests(code: &str) -> String {
    let (mut kept, mut rest) = (String::new(), code);
    while let Some(at) = rest.find("#[cfg(") {
        let Some(end) = rest[at..].find(']').map(|end| at + end + 1) else { break };
        let condition = &rest[at..end];
        let is_left_out = !condition.contains("not(")
            && condition
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| matches!(word, "test" | "doc" | "doctest"));
        kept.push_str(&rest[..at]);
        rest = &rest[end..];
        if is_left_out {
            rest = &rest[item_length(rest)..];
        }
    }
    kept.push_str(rest);
    kept
}

/// Bytes of an item: to the semicolon or the brace that ends it.
fn item_length(rest: &str) -> usize {
    let (mut depth, mut is_use) = (0_u32, false);
    for (at, character) in rest.char_indices() {
        is_use |= depth == 0 && rest[at..].starts_with("use ");
        match character {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && character == '}' && !is_use {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The modules that a file declares.
pub(crate) fn children(code: &str) -> Vec<String> {
    let words: Vec<_> = code.split_whitespace().collect();
    let declared =
        words.windows(2).filter(|pair| pair[0] == "mod").filter_map(|pair| pair[1].strip_suffix(';'));
    declared.map(str::to_owned).collect()
}

/// All paths that a file names: those of its `use` items, and `crate::…`, `super::…` and those of its children in code.
pub(crate) fn named(code: &str, children: &[String]) -> Vec<Named> {
    let (mut all, mut rest, mut plain) = (Vec::new(), code, String::new());
    while let Some(at) = find_use(rest) {
        let end = rest[at..].find(';').map_or(rest.len(), |end| at + end);
        let before = rest[..at].trim_end();
        let is_for_others = before.ends_with("pub") || before.ends_with(')');
        for (path, bound) in branches(rest[at + 4..end].trim()) {
            all.push(Named { path, bound: Some(bound), is_for_others });
        }
        plain.push_str(&rest[..at]);
        rest = &rest[end..];
    }
    plain.push_str(rest);
    for path in paths(&plain) {
        if matches!(path[0].as_str(), "crate" | "super") || children.contains(&path[0]) {
            all.push(Named { path, bound: None, is_for_others: false });
        }
    }
    all
}

fn find_use(code: &str) -> Option<usize> {
    let is_start = |at: &usize| code[..*at].chars().next_back().is_none_or(|c| c.is_whitespace() || c == ')');
    code.match_indices("use ").map(|(at, _)| at).find(is_start)
}

/// The paths of a tree of imports, each with the name that it binds.
fn branches(tree: &str) -> Vec<(Vec<String>, String)> {
    if let Some(at) = tree.find('{') {
        let inner = &tree[at + 1..tree.rfind('}').unwrap_or(tree.len())];
        let parts = at_commas(inner);
        return parts.iter().flat_map(|part| branches(&format!("{}{part}", &tree[..at]))).collect();
    }
    let (path, alias) =
        tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
    let mut path: Vec<String> =
        path.split("::").map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let Some(last) = path.last() else { return Vec::new() };
    let bound = alias.unwrap_or(last).to_owned();
    vec![(path, bound)]
}

fn at_commas(inner: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_u32, 0);
    for (at, character) in inner.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(inner[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inner[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Every `a::b::c` of some code.
fn paths(code: &str) -> Vec<Vec<String>> {
    let is_of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let pieces =
        code.split(|c: char| !is_of_path(c)).filter(|piece| piece.contains("::") && !piece.starts_with("::"));
    pieces
        .map(|piece| piece.split("::").map(str::to_owned).filter(|one| !one.is_empty()).collect::<Vec<_>>())
        .filter(|path| path.len() > 1 && !path[0].contains(':'))
        .collect()
}

/// How often a word stands in some code.
pub(crate) fn count_word(code: &str, word: &str) -> usize {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|other| *other == word).count()
}
