// Running the programs that a test is about: what they wrote and how they ended.
#pragma once

#include <QProcess>
#include <QString>
#include <QStringList>

namespace qd::test {

struct Outcome {
    int code = -1;  // -1: it crashed or did not end in time
    QString out;
    QString error;
    bool ok() const { return code == 0; }
    // Both, for a test's message.
    QByteArray text() const { return (out + error).toUtf8(); }
};

// Runs a program until it ends; one that takes longer is killed.
Outcome runProgram(const QString& program, const QStringList& arguments, const QProcessEnvironment& environment,
                   const QByteArray& input = {}, int seconds = 60);

}  // namespace qd::test

// Fails the test with what the program wrote.
#define VERIFY_OK(outcome)                                    \
    do {                                                      \
        const qd::test::Outcome verified = (outcome);         \
        QVERIFY2(verified.ok(), verified.text().constData()); \
    } while (false)
