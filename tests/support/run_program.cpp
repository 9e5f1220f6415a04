#include "tests/support/run_program.h"

namespace qd::test {

Outcome runProgram(const QString& program, const QStringList& arguments, const QProcessEnvironment& environment,
                   const QByteArray& input, int seconds) {
    QProcess process;
    process.setProcessEnvironment(environment);
    process.start(program, arguments);
    process.write(input);
    process.closeWriteChannel();
    const bool ended = process.waitForFinished(seconds * 1000);
    if (!ended) {
        process.kill();
        process.waitForFinished();
    }
    const QString late = ended ? QString() : QString("\n%1 %2 did not end in %3 s").arg(program, arguments.join(' ')).arg(seconds);
    return {ended && process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            QString::fromUtf8(process.readAllStandardOutput()), QString::fromUtf8(process.readAllStandardError()) + late};
}

}  // namespace qd::test
