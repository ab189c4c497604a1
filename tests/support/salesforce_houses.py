"""A small package of Salesforce with a part of each type, as files in source format."""

from __future__ import annotations

from tests.support.salesforce_packages import fields_of, xml

TYPE = "objects/Region__mdt/Region__mdt.object-meta.xml"
OBJECT = "objects/House__c/House__c.object-meta.xml"
FIELDS: dict[str, str] = {
    "Price__c": "<type>Currency</type><precision>10</precision><scale>2</scale>",
    "Status__c": (
        "<type>Picklist</type><valueSet><valueSetDefinition>"
        "<value><fullName>New</fullName></value><value><fullName>Sold, paid</fullName></value>"
        "</valueSetDefinition></valueSet>"
    ),
    "Agent__c": (
        "<type>Lookup</type><referenceTo>Contact</referenceTo>"
        "<relationshipName>Houses</relationshipName>"
    ),
    "Seen__c": "<type>Date</type>",
}
SECTION = (
    "<layoutSections><label>Facts</label><style>TwoColumnsTopToBottom</style><layoutColumns>"
    "<layoutItems><behavior>Required</behavior><field>Name</field></layoutItems>"
    "<layoutItems><emptySpace>true</emptySpace></layoutItems>"
    "<layoutItems><page>Map</page></layoutItems></layoutColumns><layoutColumns>"
    "<layoutItems><behavior>Readonly</behavior><field>CreatedById</field></layoutItems>"
    "<layoutItems><behavior>Edit</behavior><field>Nothing</field></layoutItems>"
    "</layoutColumns></layoutSections>"
    "<layoutSections><style>CustomLinks</style><layoutColumns><layoutItems>"
    "<customLink>On_Map</customLink></layoutItems></layoutColumns></layoutSections>"
)
FILTER = (
    "<filters><field>Price__c</field><operation>greaterThan</operation><value>100</value></filters>"
    "<filters><field>Status__c</field><operation>equals</operation><value>New,Old</value></filters>"
    "<filters><field>Seen__c</field><operation>lessThan</operation><value>LAST_N_DAYS:3</value>"
    "</filters>"
)
INSIDE: dict[str, tuple[str, str]] = {
    "listViews/Open.listView": (
        "ListView",
        (
            "<fullName>Open</fullName><label>Open ones</label><filterScope>Mine</filterScope>"
            "<columns>NAME</columns><columns>CORE.USERS.ALIAS</columns><columns>Agent__c</columns>"
            f"<columns>AGE</columns>{FILTER}<booleanFilter>1 AND (2 OR 3)</booleanFilter>"
        ),
    ),
    "compactLayouts/Short.compactLayout": (
        "CompactLayout",
        "<label>Short</label><fields>Name</fields><fields>Price__c</fields>",
    ),
    "fieldSets/Sale.fieldSet": (
        "FieldSet",
        "<label>Sale</label><displayedFields><field>Agent__r.Email</field></displayedFields>",
    ),
    "recordTypes/Flat.recordType": (
        "RecordType",
        (
            "<label>Flat</label><active>true</active><compactLayoutAssignment>Short"
            "</compactLayoutAssignment><picklistValues><picklist>Status__c</picklist>"
            "<values><fullName>Sold%2C paid</fullName><default>true</default></values>"
            "</picklistValues>"
        ),
    ),
    "webLinks/On_Map.webLink": (
        "WebLink",
        (
            "<linkType>url</linkType><masterLabel>On a map</masterLabel>"
            "<openType>newWindow</openType><displayType>link</displayType>"
            "<url>https://maps.example/?q={!House__c.Name}</url>"
        ),
    ),
    "webLinks/Run.webLink": ("WebLink", "<linkType>javascript</linkType><url>alert(1)</url>"),
}
SET = (
    "<label>Seller</label><classAccesses><apexClass>Sale</apexClass><enabled>true</enabled>"
    "</classAccesses><objectPermissions><object>House__c</object><allowRead>true</allowRead>"
    "<allowEdit>true</allowEdit></objectPermissions><fieldPermissions>"
    "<field>House__c.Price__c</field><readable>true</readable><editable>false</editable>"
    "</fieldPermissions><recordTypeVisibilities><recordType>House__c.Flat</recordType>"
    "<visible>true</visible><default>true</default></recordTypeVisibilities>"
)
RECORD = (
    "<label>The North</label><protected>true</protected><values><field>Rate__c</field>"
    '<value xsi:type="xsd:double">2.50</value></values><values><field>Above__c</field>'
    '<value xsi:nil="true"/></values>'
)
ACTION = (
    "<label>Show it</label><type>Create</type><targetObject>Event</targetObject>"
    "<targetParentField>WhatId</targetParentField><fieldOverrides><field>Subject</field>"
    "<literalValue>A visit</literalValue></fieldOverrides><quickActionLayout>"
    "<quickActionLayoutColumns><quickActionLayoutItems><field>Subject</field>"
    "</quickActionLayoutItems></quickActionLayoutColumns></quickActionLayout>"
)
GERMAN = (
    "<caseValues><plural>false</plural><value>Haus</value></caseValues>"
    "<caseValues><plural>true</plural><value>Häuser</value></caseValues>"
    "<fields><name>Status__c</name><label>Stand</label><picklistValues><masterLabel>New"
    "</masterLabel><translation>Neu</translation></picklistValues></fields>"
    "<recordTypes><name>Flat</name><label>Wohnung</label></recordTypes>"
)


def values_xml(type_: str, inside: str) -> bytes:
    """Give a file whose values may tell their types."""
    types = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="x"'
    return xml(type_, inside).replace(b" xmlns=", f" {types} xmlns=".encode())


def houses() -> dict[str, bytes]:
    """Give the files of the package."""
    parts = {f"objects/House__c/{path}-meta.xml": xml(*told) for path, told in INSIDE.items()}
    rate = "<type>Number</type><precision>5</precision><scale>2</scale>"
    return {
        OBJECT: xml("CustomObject", "<label>House</label><pluralLabel>Houses</pluralLabel>"),
        TYPE: xml("CustomObject", "<label>Region</label><pluralLabel>Regions</pluralLabel>"),
        **fields_of("House__c", **FIELDS),
        **fields_of("Region__mdt", Rate__c=rate, Above__c="<type>Text</type><length>9</length>"),
        **parts,
        "layouts/House__c-House Layout.layout-meta.xml": xml(
            "Layout",
            SECTION + "<quickActionList><quickActionListItems><quickActionName>House__c.Show"
            "</quickActionName></quickActionListItems></quickActionList>",
        ),
        "layouts/Contact-Agent.layout-meta.xml": xml(
            "Layout",
            "<relatedLists><relatedList>House__c.Agent__c</relatedList><fields>NAME</fields>"
            "<fields>Price__c</fields><sortField>Price__c</sortField><sortOrder>Desc"
            "</sortOrder></relatedLists><relatedLists><relatedList>RelatedNoteList"
            "</relatedList></relatedLists>",
        ),
        "permissionsets/Seller.permissionset-meta.xml": xml("PermissionSet", SET),
        "customMetadata/Region.North.md-meta.xml": values_xml("CustomMetadata", RECORD),
        "quickActions/House__c.Show.quickAction-meta.xml": xml("QuickAction", ACTION),
        "tabs/House__c.tab-meta.xml": xml("CustomTab", "<customObject>true</customObject>"),
        "applications/Sale.app-meta.xml": xml(
            "CustomApplication",
            "<label>Sale</label><tabs>House__c</tabs><tabs>standard-Account</tabs>"
            "<tabs>standard-home</tabs>",
        ),
        "objectTranslations/House__c-de/House__c-de.objectTranslation-meta.xml": xml(
            "CustomObjectTranslation", GERMAN
        ),
        "objectTranslations/House__c-de/Price__c.fieldTranslation-meta.xml": xml(
            "CustomFieldTranslation", "<name>Price__c</name><label>Preis</label>"
        ),
        "standardValueSets/TaskPriority.standardValueSet-meta.xml": xml(
            "StandardValueSet",
            "<standardValue><fullName>Someday</fullName><label>Someday</label></standardValue>",
        ),
    }
