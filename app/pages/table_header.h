#pragma once

#include <QHeaderView>

#include "app/shell/theme.h"

namespace qd::pages {

// The header of every list: titles with the arrow of the sorted column beside the word, as wide as the cells below.
class TableHeader : public QHeaderView {
    Q_OBJECT
public:
    explicit TableHeader(const shell::Theme& theme, QWidget* parent = nullptr);
    QSize sizeHint() const override;
    // What a column needs so that its title with the arrow is readable; `first` columns stand further in.
    int widthOf(const QString& title, bool first) const;

    // From the column's left edge to its words, and from its words to the right edge, in the design's pixels.
    static constexpr qreal kFirstInset = 20;
    static constexpr qreal kInset = 10;

protected:
    void paintSection(QPainter* painter, const QRect& rect, int section) const override;
    void paintEvent(QPaintEvent* event) override;

private:
    const shell::Theme& m_theme;
};

}  // namespace qd::pages
