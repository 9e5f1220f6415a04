#include "app/views/state.h"

#include <QCoreApplication>

namespace qd::views {

StateStyle styleOf(State state) {
    switch (state) {
        case State::Ready:
            return {Fill::Solid, Outline::None, Mark::Tick};
        case State::Starting:
            return {Fill::Tint, Outline::Solid, Mark::Arc};
        case State::Leaving:
            return {Fill::Tint, Outline::Dashed, Mark::Minus};
        case State::Failed:
            return {Fill::Solid, Outline::None, Mark::Cross};
        case State::Unknown:
            return {Fill::Tint, Outline::Dotted, Mark::Question};
        case State::Done:
            return {Fill::Tint, Outline::Solid, Mark::Tick};
        case State::Empty:
            break;
    }
    return {Fill::None, Outline::Dashed, Mark::None};
}

QColor colourOf(State state, const shell::Palette& palette) {
    switch (state) {
        case State::Ready:
            return palette.ready;
        case State::Starting:
            return palette.starting;
        case State::Leaving:
            return palette.leaving;
        case State::Failed:
            return palette.failed;
        case State::Unknown:
            return palette.unknown;
        case State::Done:
            return palette.done;
        case State::Empty:
            break;
    }
    return palette.line;
}

QString wordFor(State state) {
    const char* word = "";
    switch (state) {
        case State::Ready:
            //: State of a Pod, node or workload: it works.
            word = QT_TRANSLATE_NOOP("qd::views::State", "Ready");
            break;
        case State::Starting:
            //: State of a Pod, node or workload: on its way to ready.
            word = QT_TRANSLATE_NOOP("qd::views::State", "Starting");
            break;
        case State::Leaving:
            //: State of a Pod, node or workload: it is being deleted and still there.
            word = QT_TRANSLATE_NOOP("qd::views::State", "Leaving");
            break;
        case State::Failed:
            //: State of a Pod, node or workload.
            word = QT_TRANSLATE_NOOP("qd::views::State", "Failed");
            break;
        case State::Unknown:
            //: State of a Pod, node or workload: nobody has heard from it.
            word = QT_TRANSLATE_NOOP("qd::views::State", "Unknown");
            break;
        case State::Done:
            //: State of a Pod or Job: it ended well.
            word = QT_TRANSLATE_NOOP("qd::views::State", "Done");
            break;
        case State::Empty:
            //: A place where a Pod could be and is not.
            word = QT_TRANSLATE_NOOP("qd::views::State", "Empty place");
            break;
    }
    return QCoreApplication::translate("qd::views::State", word);
}

}  // namespace qd::views
