//! Windows whose frame SQL leaves to the standard.
//!
//! The standard's frame goes to the last row of the same order. DataFusion 55.2 lets it end at the row itself where it
//! takes the order to be unique, and it takes too much for unique: see [`crate::dependencies`]. It does so while it
//! plans SQL, before any rule can help. So the standard's frame is written into the SQL's tree.

use datafusion::sql::sqlparser::ast::{
    Expr, NamedWindowDefinition, NamedWindowExpr, Select, VisitMut, VisitorMut, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowSpec, WindowType,
};
use std::convert::Infallible;
use std::ops::ControlFlow;

/// Writes the standard's frame into each window that has an order and no frame.
pub(crate) fn write_frames(statement: &mut impl VisitMut) {
    match statement.visit(&mut Frames) {
        ControlFlow::Continue(()) => {}
        ControlFlow::Break(never) => match never {},
    }
}

struct Frames;

impl VisitorMut for Frames {
    type Break = Infallible;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        for NamedWindowDefinition(_, window) in &mut select.named_window {
            if let NamedWindowExpr::WindowSpec(window) = window {
                write_frame(window);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::Function(function) = expression
            && let Some(WindowType::WindowSpec(window)) = &mut function.over
        {
            write_frame(window);
        }
        ControlFlow::Continue(())
    }
}

fn write_frame(window: &mut WindowSpec) {
    if window.order_by.is_empty() || window.window_frame.is_some() {
        return;
    }
    window.window_frame = Some(WindowFrame {
        units: WindowFrameUnits::Range,
        start_bound: WindowFrameBound::Preceding(None),
        end_bound: Some(WindowFrameBound::CurrentRow),
    });
}
