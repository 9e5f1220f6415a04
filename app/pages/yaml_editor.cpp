#include "app/pages/yaml_editor.h"

#include <Qsci/qscilexeryaml.h>

namespace qd::pages {

YamlEditor::YamlEditor(const shell::Theme& theme, QWidget* parent) : QsciScintilla(parent), m_theme(theme) {
    setObjectName(QStringLiteral("yamlEditor"));
    //: Accessible name of the editor.
    setAccessibleName(tr("YAML"));
    setUtf8(true);
    setLexer(new QsciLexerYAML(this));
    setTabWidth(2);
    setIndentationsUseTabs(false);
    setAutoIndent(true);
    setIndentationGuides(true);
    setFolding(QsciScintilla::PlainFoldStyle, 2);
    for (const unsigned long marker : {SC_MARKNUM_FOLDEREND, SC_MARKNUM_FOLDER})
        SendScintilla(SCI_MARKERDEFINE, marker, static_cast<long>(SC_MARK_ARROW));
    for (const unsigned long marker : {SC_MARKNUM_FOLDEROPENMID, SC_MARKNUM_FOLDEROPEN})
        SendScintilla(SCI_MARKERDEFINE, marker, static_cast<long>(SC_MARK_ARROWDOWN));
    setMarginType(0, QsciScintilla::NumberMargin);
    setBraceMatching(QsciScintilla::SloppyBraceMatch);
    setFrameShape(QFrame::NoFrame);
    setScrollWidth(100);
    setScrollWidthTracking(true);
    SendScintilla(SCI_SETEXTRAASCENT, 1);
    SendScintilla(SCI_SETEXTRADESCENT, 1);
    m_marker = markerDefine(QsciScintilla::Background);
    connect(&theme, &shell::Theme::changed, this, &YamlEditor::restyle);
    restyle();
}

void YamlEditor::restyle() {
    const shell::Palette& p = m_theme.palette();
    QsciLexer* yaml = lexer();
    yaml->setDefaultFont(m_theme.fonts().name);
    yaml->setDefaultPaper(p.panel);
    yaml->setDefaultColor(p.text);
    for (int style = 0; style <= QsciLexerYAML::SyntaxErrorMarker; ++style) {
        yaml->setFont(m_theme.fonts().name, style);
        yaml->setPaper(p.panel, style);
        yaml->setColor(p.text, style);
    }
    yaml->setColor(p.muted, QsciLexerYAML::Comment);
    yaml->setColor(p.accent, QsciLexerYAML::Identifier);
    yaml->setColor(p.leaving, QsciLexerYAML::Keyword);
    yaml->setColor(p.done, QsciLexerYAML::Number);
    yaml->setColor(p.leaving, QsciLexerYAML::Reference);
    yaml->setColor(p.muted, QsciLexerYAML::DocumentDelimiter);
    yaml->setColor(p.failed, QsciLexerYAML::SyntaxErrorMarker);
    setPaper(p.panel);
    setColor(p.text);
    setCaretForegroundColor(p.text);
    setCaretLineVisible(false);
    setSelectionBackgroundColor(shell::over(p.panel, p.accent, 0.3));
    setSelectionForegroundColor(p.text);
    setMarginsFont(m_theme.fonts().nameSmall);
    setMarginsBackgroundColor(p.panel);
    setMarginsForegroundColor(p.muted);
    setFoldMarginColors(p.panel, p.panel);
    for (int marker = 25; marker <= 31; ++marker) {
        SendScintilla(SCI_MARKERSETFORE, static_cast<unsigned long>(marker), p.panel);
        SendScintilla(SCI_MARKERSETBACK, static_cast<unsigned long>(marker), p.muted);
    }
    setMarginWidth(0, QStringLiteral("00000"));
    setMarkerBackgroundColor(tint(p, p.failed), m_marker);
    setIndentationGuidesForegroundColor(p.line);
    setIndentationGuidesBackgroundColor(p.panel);
    setMatchedBraceBackgroundColor(shell::over(p.panel, p.accent, 0.2));
    setMatchedBraceForegroundColor(p.text);
}

void YamlEditor::replaceText(const QString& text) {
    const int first = firstVisibleLine();
    setText(text);
    setFirstVisibleLine(first);
    setModified(false);
}

void YamlEditor::markLine(int line) {
    markerDeleteAll(m_marker);
    if (line > 0) {
        markerAdd(line - 1, m_marker);
        ensureLineVisible(line - 1);
    }
}

}  // namespace qd::pages
