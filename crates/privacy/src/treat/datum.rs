//! Coordinates of Chinese maps → WGS-84.
//!
//! Chinese law has maps show GCJ-02, which displaces WGS-84 within China by a few hundred metres; BD-09, Baidu's, displaces
//! GCJ-02 once more. Neither was published by its maker. The formulae are those that G. Fink found in the open and that
//! all converters share: <https://en.wikipedia.org/wiki/Restrictions_on_geographic_data_in_China#GCJ-02>; the ellipsoid is
//! Krasovsky's of 1940. Their inverses have no closed form and are iterated.

use arrow::array::{Array, Float64Array, Float64Builder};
use std::f64::consts::PI;

/// What degrees are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datum {
    /// World Geodetic System 1984.
    Wgs84,
    /// GCJ-02.
    Gcj02,
    /// BD-09.
    Bd09,
}

/// Places in WGS-84.
#[derive(Debug, Clone, PartialEq)]
pub struct Places {
    /// Latitude, degrees; null where there was no place.
    pub latitude: Float64Array,
    /// Longitude, degrees; null where there was no place.
    pub longitude: Float64Array,
    /// Rows that say half a place, or one that is not on earth (beyond ±90° or ±180°), ascending.
    pub invalid: Vec<usize>,
}

/// Latitude and longitude in degrees → WGS-84, to 1e-9 of a degree (a tenth of a millimetre).
///
/// Outside China GCJ-02 is WGS-84, and BD-09 is displaced as within. "China" is the rectangle that the published formulae
/// have (72.004° to 137.8347° E, 0.8293° to 55.8271° N): it holds Hong Kong, Macao, Taiwan and parts of the neighbours.
pub fn to_wgs84(datum: Datum, latitude: &Float64Array, longitude: &Float64Array) -> Places {
    let rows = latitude.len().min(longitude.len());
    let (mut lats, mut lngs) = (Float64Builder::with_capacity(rows), Float64Builder::with_capacity(rows));
    let mut invalid = vec![];
    for row in 0..rows {
        let lat = latitude.is_valid(row).then(|| latitude.value(row));
        let lng = longitude.is_valid(row).then(|| longitude.value(row));
        let place = match (lat, lng) {
            (Some(lat), Some(lng)) if lat.abs() <= 90.0 && lng.abs() <= 180.0 => Some(match datum {
                Datum::Wgs84 => (lat, lng),
                Datum::Gcj02 => gcj_to_wgs(lat, lng),
                Datum::Bd09 => {
                    let (lat, lng) = bd_to_gcj(lat, lng);
                    gcj_to_wgs(lat, lng)
                }
            }),
            (None, None) => None,
            _ => {
                invalid.push(row);
                None
            }
        };
        lats.append_option(place.map(|p| p.0));
        lngs.append_option(place.map(|p| p.1));
    }
    Places { latitude: lats.finish(), longitude: lngs.finish(), invalid }
}

/// The equatorial radius, metres, and the squared eccentricity of Krasovsky's ellipsoid.
const RADIUS: f64 = 6_378_245.0;
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;

fn outside_china(lat: f64, lng: f64) -> bool {
    !(72.004..=137.8347).contains(&lng) || !(0.8293..=55.8271).contains(&lat)
}

/// WGS-84 → GCJ-02.
fn wgs_to_gcj(lat: f64, lng: f64) -> (f64, f64) {
    if outside_china(lat, lng) {
        return (lat, lng);
    }
    let (north, east) = displacement(lng - 105.0, lat - 35.0);
    let radians = lat.to_radians();
    let magic = 1.0 - ECCENTRICITY * radians.sin().powi(2);
    let root = magic.sqrt();
    let north = north * 180.0 / (RADIUS * (1.0 - ECCENTRICITY) / (magic * root) * PI);
    let east = east * 180.0 / (RADIUS / root * radians.cos() * PI);
    (lat + north, lng + east)
}

/// Metres north and east, of degrees east of 105° and north of 35°.
fn displacement(x: f64, y: f64) -> (f64, f64) {
    let wave = |at: f64, long: [f64; 3]| {
        // The amplitude, then those of a third and of a shorter part of it.
        long[0] * (at * PI).sin() + long[1] * (at / 3.0 * PI).sin() + long[2] * (at / 12.0 * PI).sin()
    };
    let common = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let root = x.abs().sqrt();
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + common
        + (wave(y, [20.0, 40.0, 160.0]) + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + common
        + (wave(x, [20.0, 40.0, 150.0]) + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    (north, east)
}

/// GCJ-02 → BD-09.
fn gcj_to_bd(lat: f64, lng: f64) -> (f64, f64) {
    const TURN: f64 = PI * 3000.0 / 180.0;
    let radius = lng.hypot(lat) + 0.000_02 * (lat * TURN).sin();
    let angle = lat.atan2(lng) + 0.000_003 * (lng * TURN).cos();
    (radius * angle.sin() + 0.006, radius * angle.cos() + 0.0065)
}

fn gcj_to_wgs(lat: f64, lng: f64) -> (f64, f64) {
    if outside_china(lat, lng) {
        return (lat, lng);
    }
    inverse(wgs_to_gcj, lat, lng)
}

fn bd_to_gcj(lat: f64, lng: f64) -> (f64, f64) {
    inverse(gcj_to_bd, lat, lng)
}

/// Finds what a displacement moves to a place: each step takes off what the last one missed it by. The displacements change
/// by less than a hundredth of the way, so each step gains two decimal places.
fn inverse(forward: impl Fn(f64, f64) -> (f64, f64), lat: f64, lng: f64) -> (f64, f64) {
    let (mut found_lat, mut found_lng) = (lat, lng);
    for _ in 0..30 {
        let (there_lat, there_lng) = forward(found_lat, found_lng);
        let (miss_lat, miss_lng) = (there_lat - lat, there_lng - lng);
        if miss_lat.abs() < 1e-11 && miss_lng.abs() < 1e-11 {
            break;
        }
        found_lat -= miss_lat;
        found_lng -= miss_lng;
    }
    (found_lat, found_lng)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(found: (f64, f64), expected: (f64, f64), within: f64) {
        let apart = (found.0 - expected.0).abs().max((found.1 - expected.1).abs());
        assert!(apart <= within, "{found:?} is {apart} from {expected:?}");
    }

    /// Pairs (latitude, longitude) that the tests of `eviltransform` and the README of `coordtransform` publish.
    #[test]
    fn published_pairs() {
        for (wgs, gcj) in [
            ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
            ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
            ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
            ((39.915, 116.404), (39.91640428150164, 116.41024449916938)),
        ] {
            near(wgs_to_gcj(wgs.0, wgs.1), gcj, 1e-9);
            near(gcj_to_wgs(gcj.0, gcj.1), wgs, 1e-9);
        }
        let (gcj, bd) = ((39.915, 116.404), (39.92133699351021, 116.41036949371029));
        near(gcj_to_bd(gcj.0, gcj.1), bd, 1e-9);
        near(bd_to_gcj(bd.0, bd.1), gcj, 1e-9);
        // Both in one: WGS-84 (39.915, 116.404) is BD-09 (39.9226995…, 116.4166272…).
        let places = to_wgs84(Datum::Bd09, &vec![39.922699552216216].into(), &vec![116.41662724378733].into());
        near((places.latitude.value(0), places.longitude.value(0)), (39.915, 116.404), 1e-9);
    }

    #[test]
    fn abroad_nothing_moves_and_half_a_place_is_none() {
        let lat = Float64Array::from(vec![Some(52.52), Some(31.2), None, None, Some(90.5), Some(-33.9), Some(31.2)]);
        let lng = Float64Array::from(vec![Some(13.405), None, None, Some(121.4), Some(0.0), Some(151.2), Some(180.5)]);
        for datum in [Datum::Wgs84, Datum::Gcj02] {
            let places = to_wgs84(datum, &lat, &lng);
            let expected = vec![Some(52.52), None, None, None, None, Some(-33.9), None];
            assert_eq!(places.latitude, Float64Array::from(expected), "{datum:?}");
            assert_eq!(places.longitude.value(5), 151.2);
            assert_eq!(places.invalid, [1, 3, 4, 6], "{datum:?}");
        }
        let nan = Float64Array::from(vec![f64::NAN]);
        assert_eq!(to_wgs84(Datum::Gcj02, &nan, &nan).invalid, [0]);
    }

    proptest! {
        #[test]
        fn inverses_lead_back(lat in 18.0..53.5f64, lng in 73.5..135.0f64) {
            let (gcj_lat, gcj_lng) = wgs_to_gcj(lat, lng);
            near(gcj_to_wgs(gcj_lat, gcj_lng), (lat, lng), 1e-9);
            let (bd_lat, bd_lng) = gcj_to_bd(gcj_lat, gcj_lng);
            near(bd_to_gcj(bd_lat, bd_lng), (gcj_lat, gcj_lng), 1e-9);
            // Some hundred metres, no more.
            prop_assert!((gcj_lat - lat).abs() < 0.01 && (gcj_lng - lng).abs() < 0.01);
        }

        #[test]
        fn every_place_ends_on_earth(lat in -90.0..=90.0f64, lng in -180.0..=180.0f64) {
            for datum in [Datum::Wgs84, Datum::Gcj02, Datum::Bd09] {
                let places = to_wgs84(datum, &vec![lat].into(), &vec![lng].into());
                prop_assert!(places.latitude.value(0).is_finite() && places.longitude.value(0).is_finite());
                prop_assert!(places.invalid.is_empty());
            }
        }
    }
}
