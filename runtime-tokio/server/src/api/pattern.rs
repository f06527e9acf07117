//! Patterns for the names of rooms: `*` for any letters, `?` for one.

/// Whether a name is of a pattern. O(pattern · name) at worst.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut of, mut star) = (0, 0, None);
    while of < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == name[of] => {
                at += 1;
                of += 1;
            }
            // The last star takes one letter more.
            _ => match star {
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    (at, of) = (star_at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[test]
fn a_star_is_any_letters_and_a_question_mark_is_one() {
    for (pattern, name, is_one) in [
        ("*", "", true),
        ("*", "news", true),
        ("news", "news", true),
        ("news", "new", false),
        ("new?", "news", true),
        ("new?", "new", false),
        ("a*c", "abbc", true),
        ("a*c", "abbcd", false),
        ("*b*b*", "abxb", true),
        ("*b*b*", "abx", false),
        ("?", "ж", true),
        ("a*b*c*d*e*f", &"abcde".repeat(50), false),
    ] {
        assert_eq!(matches(pattern, name), is_one, "{pattern} {name}");
    }
}
