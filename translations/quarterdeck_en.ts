<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<!-- English as the sources have it needs no translation but where one thing reads otherwise than many. -->
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>qd::bridge::LocalClusters</name>
    <message numerus="yes">
        <source>%n nodes · %1 CPU and %2 each</source>
        <translation>
            <numerusform>%n node · %1 CPU and %2</numerusform>
            <numerusform>%n nodes · %1 CPU and %2 each</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>qd::models::Rollout</name>
    <message numerus="yes">
        <source>%1 of %n Pods: %2</source>
        <translation>
            <numerusform>%1 of %n Pod: %2</numerusform>
            <numerusform>%1 of %n Pods: %2</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>qd::pages::ApplyDialog</name>
    <message numerus="yes">
        <source>changes %n fields</source>
        <translation>
            <numerusform>changes %n field</numerusform>
            <numerusform>changes %n fields</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>qd::pages::EventsPage</name>
    <message numerus="yes">
        <source>%n warnings</source>
        <translation>
            <numerusform>%n warning</numerusform>
            <numerusform>%n warnings</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>qd::pages::OverviewPage</name>
    <message numerus="yes">
        <source>%1 of %n Pods ready</source>
        <translation>
            <numerusform>%1 of %n Pod ready</numerusform>
            <numerusform>%1 of %n Pods ready</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>qd::pages::Workspace</name>
    <message numerus="yes">
        <source>%n nodes · %1</source>
        <translation>
            <numerusform>%n node · %1</numerusform>
            <numerusform>%n nodes · %1</numerusform>
        </translation>
    </message>
</context>
</TS>
