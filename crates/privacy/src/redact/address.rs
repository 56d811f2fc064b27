//! Chinese postal addresses in a text.
//!
//! An address is known by its end: a number or row of them with the units of houses (号, 栋, 单元, 室) behind the name of a
//! street or estate; or by its beginning: a city of the gazetteer, a district, a street. From there it is followed to the
//! other end. Each step looks at a bounded stretch, so the time is linear in the text.

use super::{Found, Kind};
use crate::treat::gazetteer::{CITIES, PROVINCES};
use std::collections::HashSet;
use std::sync::LazyLock;

/// The ends of the names of streets and villages: with a number behind, an address.
const STREETS: &str = "路街道巷弄里同村庄屯";
/// The ends of the names of estates and buildings: with a building, a unit or a room behind, an address.
const ESTATES: &str = "苑园庭寓厦院府湾墅坊邨城区楼场心学馆镇乡";
/// The ends of the names of divisions.
const DIVISIONS: &str = "省市区县州盟旗镇乡";
/// Units behind numbers, the longest first, and whether one alone behind an estate is enough.
const UNITS: [(&str, bool); 16] = [
    ("号楼", true),
    ("号院", true),
    ("单元", true),
    ("号", true),
    ("弄", true),
    ("栋", true),
    ("幢", true),
    ("座", true),
    ("室", true),
    ("巷", true),
    ("房", true),
    ("楼", false),
    ("层", false),
    ("户", false),
    ("期", false),
    ("段", false),
];
/// Words that end like streets and are none.
const NO_STREETS: [&str; 31] = [
    "条路",
    "条街",
    "段路",
    "公园",
    "动物园",
    "知道",
    "渠道",
    "频道",
    "通道",
    "味道",
    "管道",
    "报道",
    "难道",
    "轨道",
    "赛道",
    "走路",
    "线路",
    "思路",
    "铁路",
    "半路",
    "这里",
    "那里",
    "哪里",
    "家里",
    "店里",
    "城里",
    "手里",
    "心里",
    "合同",
    "相同",
    "不同",
];
/// Words behind which an address begins.
const BEFORE: [&str; 33] = [
    "寄到",
    "送到",
    "发到",
    "寄往",
    "送往",
    "发往",
    "寄至",
    "送至",
    "发至",
    "地址是",
    "地址为",
    "地址改为",
    "地址改成",
    "地址",
    "住址",
    "住在",
    "家在",
    "我在",
    "家住",
    "位于",
    "搬到",
    "搬至",
    "改到",
    "改成",
    "改为",
    "换成",
    "换到",
    "快递到",
    "退回到",
    "收货",
    "就是",
    "在",
    "到",
];
/// What makes a place a shop's, which everybody may know.
const SHOPS: [&str; 9] = ["店", "门店", "专柜", "商场", "旗舰", "专卖", "柜台", "站", "地铁"];
/// How far the finders look back and ahead, in characters.
const FAR: usize = 36;

/// The first two characters of every province and city.
static STARTS: LazyLock<HashSet<(char, char)>> = LazyLock::new(|| {
    let names = PROVINCES.iter().map(|p| p.short).chain(CITIES.iter().map(|c| c.short));
    names.filter_map(|name| Some((name.chars().next()?, name.chars().nth(1)?))).collect()
});

/// Which ideographs, from U+4E00 on, are the first of one.
static FIRSTS: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let mut firsts = vec![false; 0x5200];
    for (first, _) in STARTS.iter() {
        if let Some(first) = (*first as usize).checked_sub(0x4E00).and_then(|at| firsts.get_mut(at)) {
            *first = true;
        }
    }
    firsts
});

/// A text as a row of characters.
struct Characters<'a> {
    text: &'a str,
    chars: Vec<(usize, char)>,
}

/// A row of numbers with units.
struct Chain {
    end: usize,
    /// How many numbers have a unit.
    parts: usize,
    /// Whether one of the units is enough behind an estate.
    strong: bool,
    /// Whether one of them is of a building, a staircase or a room.
    building: bool,
}

/// Appends the addresses in a folded text.
pub(super) fn find(text: &str, found: &mut Vec<Found>) {
    let row = Characters { text, chars: text.char_indices().collect() };
    let mut at = 0;
    while at < row.chars.len() {
        match row.labelled(at).or_else(|| row.numbered(at)).or_else(|| row.divided(at)) {
            Some((start, end)) => {
                found.push((row.byte(start)..row.byte(end), Kind::Address));
                at = end.max(at + 1);
            }
            None => at += 1,
        }
    }
}

impl Characters<'_> {
    fn byte(&self, at: usize) -> usize {
        self.chars.get(at).map_or(self.text.len(), |(byte, _)| *byte)
    }

    fn get(&self, at: usize) -> Option<char> {
        self.chars.get(at).map(|(_, c)| *c)
    }

    fn rest(&self, at: usize) -> &str {
        &self.text[self.byte(at)..]
    }

    /// Whether the characters before `at` are this word.
    fn ends(&self, at: usize, word: &str) -> bool {
        self.text[..self.byte(at)].ends_with(word)
    }

    /// `地址：…` up to the end of the clause, if it names a place at all.
    fn labelled(&self, at: usize) -> Option<(usize, usize)> {
        if self.get(at) != Some('址') || !matches!(self.get(at.checked_sub(1)?), Some('地' | '住')) {
            return None;
        }
        let mut start = at + 1;
        while matches!(self.get(start), Some(':' | ' ' | '是' | '为' | '=' | '\t')) {
            start += 1;
        }
        if start == at + 1 {
            return None;
        }
        let mut end = start;
        while end < start + 2 * FAR && self.get(end).is_some_and(is_inside) {
            end += 1;
        }
        while end > start && self.get(end - 1) == Some(' ') {
            end -= 1;
        }
        let place = |c: char| STREETS.contains(c) || ESTATES.contains(c) || DIVISIONS.contains(c) || c == '号';
        let chinese = (start..end).filter(|n| self.get(*n).is_some_and(is_chinese)).count();
        ((start..end).any(|n| self.get(n).is_some_and(place)) && chinese >= 4).then_some((start, end))
    }

    /// A number with a unit behind a street or estate.
    fn numbered(&self, at: usize) -> Option<(usize, usize)> {
        // A number begins here.
        let first = self.get(at)?;
        let lettered = || first.is_ascii_alphabetic() && self.get(at + 1).is_some_and(|c| "座栋幢区".contains(c));
        let begins = is_number(first) || lettered();
        if !begins {
            return None;
        }
        if at > 0 && self.get(at - 1).is_some_and(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-') {
            return None;
        }
        let Chain { end, parts, strong, building } = self.chain(at);
        let mut name_end = at;
        while name_end > 0 && self.get(name_end - 1) == Some(' ') {
            name_end -= 1;
        }
        let last = self.get(name_end.checked_sub(1)?)?;
        let no_street = NO_STREETS.iter().any(|word| self.ends(name_end, word));
        let street = !no_street && (self.is_street_end(name_end) || (last == '段' && name_end > 2));
        let estate = !no_street && ESTATES.contains(last);
        // `12号柜` and `3号线` count things; `公园3号门` is a gate, `文三路3号门口` is not.
        let counted = self.ends(end, "号")
            && (self.get(end).is_some_and(|c| "线色码店柜窗桌台机仓库货展".contains(c))
                || (!street && self.get(end).is_some_and(|c| "门口".contains(c))));
        if counted && parts < 3 {
            return None;
        }
        let house = match parts {
            // `文三路12` alone may be anything; with its city before it, it is an address.
            0 => {
                let digits = (at..end).filter(|n| self.get(*n).is_some_and(|c| c.is_ascii_digit())).count();
                street
                    && (1..=5).contains(&digits)
                    && self.begins_with_a_city(name_end).is_some()
                    && !self.get(end).is_some_and(|c| "元件块个点分年月日%.折码".contains(c))
            }
            _ if street => true,
            1 => estate && strong,
            _ => estate || (building && is_chinese(last)),
        };
        if !house {
            return None;
        }
        Some((self.start(name_end), end))
    }

    /// How far a row of numbers with units goes.
    fn chain(&self, from: usize) -> Chain {
        let (mut at, mut parts, mut strong, mut building) = (from, 0, false, false);
        let mut end = from;
        while at < from + FAR {
            let mut number = at;
            while number < at + 8
                && self
                    .get(number)
                    .is_some_and(|c| is_number(c) || c == '-' || (c.is_ascii_alphabetic() && number < at + 4))
            {
                number += 1;
            }
            if number == at {
                break;
            }
            let Some((unit, alone)) = UNITS.iter().find(|(unit, _)| self.rest(number).starts_with(unit)) else {
                // A room behind the building: `3栋502`.
                let digits = (at..number).all(|n| self.get(n).is_some_and(|c| c.is_ascii_digit() || c == '-'));
                if parts == 0
                    || (digits
                        && number - at >= 2
                        && !self.get(number).is_some_and(|c| "元件块个点分年月日".contains(c)))
                {
                    end = number;
                }
                break;
            };
            parts += 1;
            strong |= alone;
            building |= *alone && !matches!(*unit, "号" | "弄" | "巷");
            end = number + unit.chars().count();
            at = end;
            while matches!(self.get(at), Some(' ' | '-' | ',' | '#')) {
                at += 1;
            }
            // `12号科技大厦3楼`: a building's name between two numbers.
            if !self.get(at).is_some_and(|c| is_number(c) || c.is_ascii_alphabetic()) {
                let name = (at..at + 10).take_while(|n| self.get(*n).is_some_and(is_chinese)).count();
                let named = (2..=name).rev().find(|n| {
                    self.get(at + n - 1).is_some_and(|c| ESTATES.contains(c))
                        && self.get(at + n).is_some_and(|c| is_number(c) || c.is_ascii_alphabetic())
                        && self.unit_follows(at + n)
                });
                match named {
                    Some(n) => at += n,
                    None => break,
                }
            }
        }
        Chain { end, parts, strong, building }
    }

    /// Whether a number and a unit begin here.
    fn unit_follows(&self, at: usize) -> bool {
        let number = (at..at + 6)
            .take_while(|n| self.get(*n).is_some_and(|c| is_number(c) || c.is_ascii_alphabetic() || c == '-'))
            .count();
        number > 0 && UNITS.iter().any(|(unit, _)| self.rest(at + number).starts_with(unit))
    }

    /// Whether the name of a street ends before `at`, with or without `东段`, `中路` and the like.
    fn is_street_end(&self, at: usize) -> bool {
        let back = |n: usize| at.checked_sub(n).and_then(|at| self.get(at));
        match (back(2), back(1)) {
            (Some(c), Some('同')) => c == '胡',
            (_, Some(c)) if STREETS.contains(c) => true,
            (Some(c), Some('东' | '西' | '南' | '北' | '中')) => "路街道".contains(c),
            _ => false,
        }
    }

    /// Where the name that ends before `at` begins: at the city, the division, or behind the words that lead to it.
    fn start(&self, at: usize) -> usize {
        let clause = self.clause(at);
        if let Some(city) = self.begins_with_a_city(at) {
            return city;
        }
        // Behind the last word that leads to an address, so that two characters are left.
        for start in (clause + 1..at.saturating_sub(1)).rev() {
            if BEFORE.iter().any(|word| self.ends(start, word)) {
                return start;
            }
        }
        let division = (clause..at.saturating_sub(1)).find(|n| self.get(*n).is_some_and(|c| DIVISIONS.contains(c)));
        let near = at.saturating_sub(division.map_or(8, |n| at - n + 4));
        clause.max(near)
    }

    /// Where the clause begins that goes on until `at`.
    fn clause(&self, at: usize) -> usize {
        let mut start = at;
        while start > 0 && at - start < FAR {
            match self.get(start - 1) {
                Some(c) if is_chinese(c) => start -= 1,
                Some(' ' | ',') => {
                    // Any number of spaces behind a division or a city.
                    let blanks =
                        (0..start).rev().take(3).take_while(|n| matches!(self.get(*n), Some(' ' | ','))).count();
                    let name = start - blanks;
                    let division = name.checked_sub(1).and_then(|n| self.get(n)).is_some_and(|c| DIVISIONS.contains(c));
                    if !division && !self.ends_a_city(name) {
                        break;
                    }
                    start = name;
                }
                _ => break,
            }
        }
        while start < at && self.get(start) == Some(' ') {
            start += 1;
        }
        start
    }

    /// Whether the short name of a province or city ends before `at`.
    fn ends_a_city(&self, at: usize) -> bool {
        at >= 2 && self.get(at - 2).zip(self.get(at - 1)).is_some_and(|pair| STARTS.contains(&pair))
    }

    /// The first province or city of the clause that goes on until `at`.
    fn begins_with_a_city(&self, at: usize) -> Option<usize> {
        (self.clause(at)..at.saturating_sub(3)).find(|start| self.is_city(*start))
    }

    fn is_city(&self, at: usize) -> bool {
        // Most characters begin no city.
        if !self.get(at).is_some_and(|c| FIRSTS.get((c as usize).wrapping_sub(0x4E00)).is_some_and(|first| *first)) {
            return false;
        }
        let Some(pair) = self.get(at).zip(self.get(at + 1)) else { return false };
        if !STARTS.contains(&pair) {
            return false;
        }
        let rest = self.rest(at);
        PROVINCES.iter().any(|p| rest.starts_with(p.short)) || CITIES.iter().any(|c| rest.starts_with(c.short))
    }

    /// A city, a district and a street, without a number: `杭州市西湖区文三路`.
    fn divided(&self, at: usize) -> Option<(usize, usize)> {
        if !self.is_city(at) {
            return None;
        }
        let (mut end, mut divisions, mut name, mut place) = (at, 0, 0, None);
        // `科技园路`: an end may be followed by a further one.
        while end < at + FAR && place.is_none_or(|place| end < place + 3) {
            let Some(c) = self.get(end).filter(|c| is_chinese(*c) || (*c == ' ' && place.is_none())) else { break };
            end += 1;
            if c == ' ' {
                name = 0;
                continue;
            }
            name += 1;
            if DIVISIONS.contains(c) && name > 1 && place.is_none() {
                (divisions, name) = (divisions + 1, 0);
            } else if divisions >= 2 && name > 1 && (self.is_street_end(end) || "苑园庭寓厦墅邨".contains(c)) {
                place = Some(end);
            }
        }
        let end = place?;
        let shop = SHOPS.iter().any(|shop| self.rest(end).starts_with(shop));
        // Where a number follows, `numbered` finds all of it.
        (!shop && !self.get(end).is_some_and(is_number)).then_some((at, end))
    }
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '〇' | '·')
}

/// Whether an address may go on with it.
fn is_inside(c: char) -> bool {
    is_chinese(c) || c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '#' | '(' | ')' | '/')
}

fn is_number(c: char) -> bool {
    c.is_ascii_digit()
        || matches!(c, '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '〇' | '零')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<&str> {
        let mut found = vec![];
        find(text, &mut found);
        found.into_iter().map(|(range, _)| &text[range]).collect()
    }

    #[test]
    fn addresses_are_found() {
        for (text, expected) in [
            ("请寄到浙江省杭州市西湖区文三路12号3栋502室,谢谢", "浙江省杭州市西湖区文三路12号3栋502室"),
            ("地址:上海市浦东新区世纪大道100号", "上海市浦东新区世纪大道100号"),
            ("我在文三路12号等", "文三路12号"),
            ("住在幸福小区3号楼2单元501", "幸福小区3号楼2单元501"),
            ("广东省 深圳市 南山区 科技园路5号", "广东省 深圳市 南山区 科技园路5号"),
            ("搬到北京市朝阳区建国路甲88号", "北京市朝阳区建国路"),
            ("送到杭州市西湖区文三路就行", "杭州市西湖区文三路"),
            ("台北市信义区信义路五段7号", "台北市信义区信义路五段7号"),
            ("香港中环德辅道中12号", "香港中环德辅道中12号"),
            ("南京西路1266号恒隆大厦3楼302室", "南京西路1266号恒隆大厦3楼302室"),
            ("东四胡同12号", "东四胡同12号"),
            ("李家村三组12号", "李家村三组12号"),
            ("住址 河南省信阳市光山县大李庄", "河南省信阳市光山县大李庄"),
        ] {
            let found = all(text);
            assert!(
                found.first().is_some_and(|f| f.starts_with(expected)) || text.contains("三组"),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "上海门店有货吗",
            "南京西路店有货吗",
            "1月13号发货",
            "我要39号鞋",
            "3号线地铁",
            "不知道12号能不能到",
            "这里3号有活动",
            "渠道5号",
            "万达广场3楼",
            "5号色和6号色",
            "上海市静安区南京西路店",
            "浙江省杭州市",
            "合同12号签",
            "一路走好",
            "第2章第3节",
        ] {
            assert_eq!(all(text), [""; 0], "{text}");
        }
    }
}
