// Another program's window with a file in it that can be dragged: drag_source <file> <x> <y>. Ends when its input ends.
#include <QApplication>
#include <QDrag>
#include <QFileInfo>
#include <QLabel>
#include <QMimeData>
#include <QMouseEvent>
#include <QSocketNotifier>
#include <QUrl>

namespace {

class FileLabel : public QLabel {
public:
    explicit FileLabel(const QString& path) : QLabel(QFileInfo(path).fileName()), m_path(path) {
        setAlignment(Qt::AlignCenter);
    }

protected:
    void mouseMoveEvent(QMouseEvent* event) override {
        if (!(event->buttons() & Qt::LeftButton)) return;
        auto* carried = new QMimeData;
        carried->setUrls({QUrl::fromLocalFile(m_path)});
        auto* drag = new QDrag(this);
        drag->setMimeData(carried);
        drag->exec(Qt::CopyAction);
    }

private:
    QString m_path;
};

}  // namespace

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    const QStringList arguments = QApplication::arguments();
    if (arguments.size() != 4) return 2;
    FileLabel file(arguments[1]);
    file.setWindowFlag(Qt::FramelessWindowHint);
    file.resize(240, 40);
    file.move(arguments[2].toInt(), arguments[3].toInt());
    QSocketNotifier input(0, QSocketNotifier::Read);
    QObject::connect(&input, &QSocketNotifier::activated, &application, [] { QApplication::quit(); });
    file.show();
    file.raise();
    std::puts("shown");
    std::fflush(stdout);
    return QApplication::exec();
}
