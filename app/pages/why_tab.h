#pragma once

#include <QScrollArea>

#include "app/models/story.h"
#include "app/shell/theme.h"

namespace qd::pages {

// The story of an object as a line of steps.
class StoryView : public QWidget {
    Q_OBJECT
public:
    explicit StoryView(const shell::Theme& theme, QWidget* parent = nullptr);
    void setStory(QVector<models::StoryStep> story);
    int heightForWidth(int width) const override;
    QSize sizeHint() const override { return {m_theme.ipx(280), heightForWidth(m_theme.ipx(280))}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    qreal whatHeight(const QString& text, qreal width) const;
    qreal layOutAndPaint(QPainter* painter, qreal width) const;
    const shell::Theme& m_theme;
    QVector<models::StoryStep> m_story;
};

}  // namespace qd::pages
