"""The tree of Finvoice 3.0 as a table, read by ``elements.py``.

A line is a type and its children in their order. Behind the name of a child stands how often it occurs: nothing once,
``?`` at most once, ``*`` any number, ``+`` at least once, ``{1-3}`` from and to. Behind the equals sign stands its
type: another line, or a form of ``elements.py``.
"""

from __future__ import annotations

TYPES = """
Finvoice: MessageTransmissionDetails?=MessageTransmissionDetailsType SellerPartyDetails=SellerPartyDetailsType
  SellerOrganisationUnitNumber?=s0-35 SellerSiteCode?=s0-35 SellerContactPersonName?=s0-70
  SellerContactPersonFunction{0-2}=s0-35 SellerContactPersonDepartment{0-2}=s0-35
  SellerCommunicationDetails?=SellerCommunicationDetailsType SellerInformationDetails?=SellerInformationDetailsType
  InvoiceSenderPartyDetails?=InvoiceSenderPartyDetailsType
  InvoiceRecipientPartyDetails?=InvoiceRecipientPartyDetailsType InvoiceRecipientOrganisationUnitNumber?=s0-35
  InvoiceRecipientSiteCode?=s0-35 InvoiceRecipientContactPersonName?=s0-70
  InvoiceRecipientContactPersonFunction{0-2}=s0-35 InvoiceRecipientContactPersonDepartment{0-2}=s0-35
  InvoiceRecipientLanguageCode?=n2-2 InvoiceRecipientCommunicationDetails?=InvoiceRecipientCommunicationDetailsType
  BuyerPartyDetails=BuyerPartyDetailsType BuyerOrganisationUnitNumber?=s0-35 BuyerSiteCode?=s0-35
  BuyerContactPersonName?=s0-70 BuyerContactPersonFunction{0-2}=s0-35 BuyerContactPersonDepartment{0-2}=s0-35
  BuyerCommunicationDetails?=BuyerCommunicationDetailsType DeliveryPartyDetails?=DeliveryPartyDetailsType
  DeliveryOrganisationUnitNumber?=s0-35 DeliverySiteCode?=s0-35 DeliveryContactPersonName?=s0-70
  DeliveryContactPersonFunction{0-2}=s0-35 DeliveryContactPersonDepartment{0-2}=s0-35
  DeliveryCommunicationDetails?=DeliveryCommunicationDetailsType DeliveryDetails?=DeliveryDetailsType
  AnyPartyDetails*=AnyPartyDetailsType InvoiceDetails=InvoiceDetailsType PaymentCardInfo?=PaymentCardInfoType
  DirectDebitInfo?=DirectDebitInfoType PaymentStatusDetails?=PaymentStatusDetailsType
  PartialPaymentDetails*=PartialPaymentDetailsType FactoringAgreementDetails?=FactoringAgreementDetailsType
  VirtualBankBarcode?=s0-512 InvoiceRow+=InvoiceRowType SpecificationDetails?=SpecificationDetailsType
  EpiDetails=EpiDetailsType InvoiceUrlNameText*=s0-512 InvoiceUrlText*=s0-512 StorageUrlText?=s0-512
  LayOutIdentifier?=s0-35 InvoiceSegmentIdentifier?=s0-35 ControlChecksum?=s0-512 MessageChecksum?=s0-512
  ControlStampText?=s0-512 AcceptanceStampText?=s0-512 OriginalInvoiceFormat?=s0-35
  AttachmentMessageDetails?=AttachmentMessageDetailsType
AnyPartyCommunicationDetailsType: AnyPartyPhoneNumberIdentifier?=s0-35 AnyPartyEmailAddressIdentifier?=s0-70
AnyPartyDetailsType: AnyPartyText=anypartytexttype0_35 AnyPartyIdentifier?=PartyLegalRegIdType
  AnyPartyOrganisationName{1-2}=s2-35 AnyPartyOrganisationDepartment{0-2}=s0-35 AnyPartyOrganisationTaxCode?=s0-35
  AnyPartyCode?=PartyIdentifierType AnyPartyContactPersonName?=s0-70 AnyPartyContactPersonFunction{0-2}=s0-35
  AnyPartyContactPersonDepartment{0-2}=s0-35 AnyPartyCommunicationDetails?=AnyPartyCommunicationDetailsType
  AnyPartyPostalAddressDetails?=AnyPartyPostalAddressDetails AnyPartyOrganisationUnitNumber?=s0-35
  AnyPartySiteCode?=s0-35
AnyPartyPostalAddressDetails: AnyPartyStreetName{1-3}=s2-35 AnyPartyTownName=s2-35 AnyPartyPostCodeIdentifier=s2-35
  AnyPartyCountrySubdivision?=s2-35 CountryCode?=n2-2 CountryName?=s0-35 AnyPartyPostOfficeBoxIdentifier?=s0-35
AttachmentMessageDetailsType: AttachmentMessageIdentifier=attachments
BuyerCommunicationDetailsType: BuyerPhoneNumberIdentifier?=s0-35 BuyerEmailaddressIdentifier?=s0-70
BuyerPartyDetailsType: BuyerPartyIdentifier?=PartyLegalRegIdType BuyerOrganisationName+=s2-70
  BuyerOrganisationTradingName?=s2-70 BuyerOrganisationDepartment{0-2}=s0-35 BuyerOrganisationTaxCode?=s0-35
  BuyerCode?=PartyIdentifierType BuyerPostalAddressDetails?=BuyerPostalAddressDetailsType
BuyerPostalAddressDetailsType: BuyerStreetName{1-3}=s2-35 BuyerTownName=s2-35 BuyerPostCodeIdentifier=s2-35
  BuyerCountrySubdivision?=s2-35 CountryCode?=n2-2 CountryName?=s0-35 BuyerPostOfficeBoxIdentifier?=s0-35
CashDiscountVatDetails: CashDiscountVatPercent=percentage CashDiscountVatAmount=amount
CustomsInfoType: CNCode?=s1-8 CNName?=s1-35 CNOriginCountrySubdivision?=s2-35 CNOriginCountryCode?=n2-2
  CNOriginCountryName?=s1-35
DefinitionDetails: DefinitionHeaderText=DefinitionHeaderText DefinitionValue?=QuantityType0_70
DeliveryCommunicationDetailsType: DeliveryPhoneNumberIdentifier?=s0-35 DeliveryEmailaddressIdentifier?=s0-70
DeliveryDetailsType: DeliveryDate?=date DeliveryPeriodDetails?=DeliveryPeriodDetailsType
  ShipmentPartyDetails?=ShipmentPartyDetails DeliveryMethodText?=s0-512 DeliveryTermsText?=s0-512
  DeliveryTermsCode?=s1-4 TerminalAddressText?=s0-512 WaybillIdentifier?=s0-70 WaybillTypeCode?=s0-35
  ClearanceIdentifier?=s0-70 DeliveryNoteIdentifier?=s0-70 DelivererIdentifier?=s0-35 DelivererName{0-3}=s0-35
  DelivererCountrySubdivision?=s2-35 DelivererCountryCode?=n2-2 DelivererCountryName?=s0-35
  ModeOfTransportIdentifier?=s0-70 CarrierName?=s0-35 VesselName?=s0-35 LocationIdentifier?=s0-70
  TransportInformationDate?=date CountryOfOrigin?=s0-35 CountryOfDestinationName?=s0-35 DestinationCountryCode?=n2-2
  PlaceOfDischarge{0-3}=s0-35 FinalDestinationName{0-3}=DestinationNameType ManufacturerIdentifier?=s0-35
  ManufacturerName{0-3}=s0-35 ManufacturerCountrySubdivision?=s2-35 ManufacturerCountryCode?=n2-2
  ManufacturerCountryName?=s0-35 ManufacturerOrderIdentifier?=s0-70 PackageDetails?=PackageDetails
DeliveryPartyDetailsType: DeliveryPartyIdentifier?=PartyLegalRegIdType DeliveryOrganisationName+=s2-35
  DeliveryOrganisationDepartment{0-2}=s0-35 DeliveryOrganisationTaxCode?=s0-35 DeliveryCode?=PartyIdentifierType
  DeliveryPostalAddressDetails=DeliveryPostalAddressDetailsType
DeliveryPeriodDetailsType: StartDate=date EndDate=date
DeliveryPostalAddressDetailsType: DeliveryStreetName{1-3}=s2-35 DeliveryTownName=s2-35
  DeliveryPostCodeIdentifier=s2-35 DeliveryCountrySubdivision?=s2-35 CountryCode?=n2-2 CountryName?=s0-35
  DeliveryPostofficeBoxIdentifier?=s0-35
DirectDebitInfoType: MandateReference?=s1-35 CreditorIdentifier?=s1-35 DebitedAccountID?=EpiAccountIDType
DiscountDetailsType: FreeText?=s1-70 ReasonCode?=code Percent?=percentage Amount?=amount BaseAmount?=amount
  VatCategoryCode?=code VatRatePercent?=percentage
EpiBeneficiaryPartyDetailsType: EpiNameAddressDetails?=t2-35 EpiBei?=n8-11 EpiAccountID=EpiAccountIDType
EpiBfiPartyDetailsType: EpiBfiIdentifier?=EpiBfiIdentifierType EpiBfiName?=s1-35
EpiDetailsType: EpiIdentificationDetails=EpiIdentificationDetailsType EpiPartyDetails=EpiPartyDetailsType
  EpiPaymentInstructionDetails=EpiPaymentInstructionDetailsType
EpiIdentificationDetailsType: EpiDate=date EpiReference=n0-35 EpiUrl?=n0-512 EpiEmail?=s0-70 EpiOrderInfo{0-7}=t0-70
EpiPartyDetailsType: EpiBfiPartyDetails=EpiBfiPartyDetailsType
  EpiBeneficiaryPartyDetails=EpiBeneficiaryPartyDetailsType
EpiPaymentInstructionDetailsType: EpiPaymentInstructionId?=s0-35 EpiTransactionTypeCode?=t3-3
  EpiInstructionCode?=n0-35 EpiRemittanceInfoIdentifier?=EpiRemittanceInfoIdentifierType EpiInstructedAmount=epiAmount
  EpiCharge=EpiChargeType EpiDateOptionDate=date EpiPaymentMeansCode?=code EpiPaymentMeansText?=s1-70
ExternalSpecificationDetailsType:
FactoringAgreementDetailsType: FactoringAgreementIdentifier=s0-35 TransmissionListIdentifier?=s0-70
  EndorsementClauseCode?=s0-35 FactoringTypeCode?=s0-35 FactoringFreeText*=s0-70
  FactoringPartyIdentifier?=PartyLegalRegIdType FactoringPartyName?=s0-35
  FactoringPartyPostalAddressDetails?=FactoringPartyPostalAddressDetails
FactoringPartyPostalAddressDetails: FactoringPartyStreetName{1-3}=s2-35 FactoringPartyTownName=s2-35
  FactoringPartyPostCodeIdentifier=s2-35 FactoringPartyCountrySubdivision?=s2-35 CountryCode?=n2-2 CountryName?=s0-35
  FactoringPartyPostOfficeBoxIdentifier?=s0-35
HeaderValueType: Header?=s1-35 Value{0-2}=s1-70
InvoiceChargeDetailsType: ReasonText?=s1-70 ReasonCode?=code Percent?=percentage Amount?=amount BaseAmount?=amount
  VatCategoryCode?=code VatRatePercent?=percentage
InvoiceClassificationType: ClassificationCode?=s1-10 ClassificationText?=s1-70
InvoiceDetailsType: InvoiceTypeCode=InvoiceTypeCodeTypeFI InvoiceTypeCodeUN?=code InvoiceTypeText=s1-35
  InvoiceClassification?=InvoiceClassificationType OriginCode=Original|Copy|Cancel OriginText?=s0-35
  InvoicedObjectID?=InvoicedObjectIDType InvoiceNumber=s1-20 InvoiceDate=date OriginalInvoiceNumber?=s1-20
  OriginalInvoiceDate?=date OriginalInvoiceReference*=OriginalInvoiceReferenceType InvoicingPeriodStartDate?=date
  InvoicingPeriodEndDate?=date SellerReferenceIdentifier?=s0-70 SellerReferenceIdentifierUrlText?=s0-512
  BuyersSellerIdentifier?=PartyIdentifierType SellersBuyerIdentifier?=PartyIdentifierType OrderIdentifier?=s0-70
  OrderIdentifierUrlText?=s0-512 OrderDate?=date OrdererName?=s0-35 SalesPersonName?=s0-35
  OrderConfirmationIdentifier?=s0-70 OrderConfirmationDate?=date AgreementIdentifier?=s0-70
  AgreementIdentifierUrlText?=s0-512 AgreementTypeText?=s0-35 AgreementTypeCode?=s0-35 AgreementDate?=date
  NotificationIdentifier?=s0-70 NotificationDate?=date RegistrationNumberIdentifier?=s0-70 ControllerIdentifier?=s0-70
  ControllerName?=s0-35 ControlDate?=date BuyerReferenceIdentifier?=s0-70 ProjectReferenceIdentifier?=s0-70
  DefinitionDetails*=DefinitionDetails RowsTotalVatExcludedAmount?=amount DiscountsTotalVatExcludedAmount?=amount
  ChargesTotalVatExcludedAmount?=amount InvoiceTotalVatExcludedAmount?=amount InvoiceTotalVatAmount?=amount
  InvoiceTotalVatAccountingAmount?=amount InvoiceTotalVatIncludedAmount=amount InvoiceTotalRoundoffAmount?=amount
  InvoicePaidAmount?=amount ExchangeRate?=rate OtherCurrencyAmountVatExcludedAmount?=amount
  OtherCurrencyAmountVatIncludedAmount?=amount CreditLimitAmount?=amount CreditInterestPercent?=percentage
  OperationLimitAmount?=amount MonthlyAmount?=amount ShortProposedAccountIdentifier?=n0-4
  NormalProposedAccountIdentifier?=n0-4 ProposedAccountText?=s0-35 AccountDimensionText?=s0-35
  SellerAccountText?=s0-35 VatPoint?=VatPointType VatSpecificationDetails*=VatSpecificationDetailsType
  InvoiceFreeText*=s0-512 InvoiceVatFreeText?=s0-70 PaymentTermsDetails*=PaymentTermsDetailsType
  DiscountDetails*=DiscountDetailsType ChargeDetails*=InvoiceChargeDetailsType TenderReference?=s1-70
InvoiceRecipientCommunicationDetailsType: InvoiceRecipientPhoneNumberIdentifier?=s0-35
  InvoiceRecipientEmailaddressIdentifier?=s0-70
InvoiceRecipientDetailsType: InvoiceRecipientAddress=s1-35 InvoiceRecipientIntermediatorAddress=n8-11
InvoiceRecipientPartyDetailsType: InvoiceRecipientPartyIdentifier?=PartyLegalRegIdType
  InvoiceRecipientOrganisationName+=s2-35 InvoiceRecipientDepartment{0-2}=s0-35
  InvoiceRecipientOrganisationTaxCode?=n0-35 InvoiceRecipientCode?=PartyIdentifierType
  InvoiceRecipientPostalAddressDetails?=InvoiceRecipientPostalAddressDetailsType
InvoiceRecipientPostalAddressDetailsType: InvoiceRecipientStreetName{1-3}=s2-35 InvoiceRecipientTownName=s2-35
  InvoiceRecipientPostCodeIdentifier=s2-35 InvoiceRecipientCountrySubdivision?=s2-35 CountryCode?=n2-2
  CountryName?=s0-35 InvoiceRecipientPostOfficeBoxIdentifier?=s0-35
InvoiceRowType: RowSubIdentifier?=s0-35 InvoicedObjectID?=InvoicedObjectIDType ArticleIdentifier?=s0-70
  ArticleGroupIdentifier*=ArticleGroupIdentifierType ArticleName?=s0-100 ArticleDescription?=s0-512
  ArticleInfoUrlText?=s0-512 BuyerArticleIdentifier?=s0-70 EanCode?=EanCodeType RowRegistrationNumberIdentifier?=s0-70
  SerialNumberIdentifier?=s0-70 RowActionCode?=t0-35 RowDefinitionDetails*=RowDefinitionDetailsType
  OfferedQuantity*=QuantityType0_14 DeliveredQuantity*=QuantityType0_14 OrderedQuantity?=QuantityType0_14
  ConfirmedQuantity?=QuantityType0_14 PostDeliveredQuantity?=QuantityType0_14 InvoicedQuantity*=QuantityType0_14
  CreditRequestedQuantity?=QuantityType0_14 ReturnedQuantity?=QuantityType0_14 StartDate?=date EndDate?=date
  UnitPriceAmount?=unitAmountUN UnitPriceDiscountAmount?=unitAmountUN UnitPriceNetAmount?=unitAmountUN
  UnitPriceVatIncludedAmount?=unitAmountUN UnitPriceBaseQuantity?=QuantityType0_14 RowIdentifier?=s0-35
  RowIdentifierUrlText?=s0-512 RowOrderPositionIdentifier?=s0-35 RowIdentifierDate?=date RowPositionIdentifier?=s0-35
  OriginalInvoiceNumber?=s1-20 OriginalInvoiceDate?=date OriginalInvoiceReference*=OriginalInvoiceReferenceType
  RowOrdererName?=s0-35 RowSalesPersonName?=s0-35 RowOrderConfirmationIdentifier?=s0-70 RowOrderConfirmationDate?=date
  RowDeliveryIdentifier?=s0-35 RowDeliveryIdentifierUrlText?=s0-512 RowDeliveryDate?=date
  RowQuotationIdentifier?=s0-35 RowQuotationIdentifierUrlText?=s0-512 RowAgreementIdentifier?=s0-70
  RowAgreementIdentifierUrlText?=s0-512 RowRequestOfQuotationIdentifier?=s0-35
  RowRequestOfQuotationIdentifierUrlText?=s0-512 RowPriceListIdentifier?=s0-35 RowPriceListIdentifierUrlText?=s0-512
  RowBuyerReferenceIdentifier?=s0-70 RowProjectReferenceIdentifier?=s0-70
  RowOverDuePaymentDetails?=RowOverDuePaymentDetailsType RowAnyPartyDetails*=RowAnyPartyDetailsType
  RowDeliveryDetails?=RowDeliveryDetailsType RowShortProposedAccountIdentifier?=n0-4
  RowNormalProposedAccountIdentifier?=n0-4 RowProposedAccountText?=s0-35 RowAccountDimensionText?=s0-35
  RowSellerAccountText?=s0-35 RowFreeText*=s0-512 RowUsedQuantity?=QuantityType0_14 RowPreviousMeterReadingDate?=date
  RowLatestMeterReadingDate?=date RowCalculatedQuantity?=QuantityType0_14 RowAveragePriceAmount?=amount
  RowDiscountPercent?=percentage RowDiscountAmount?=amount RowDiscountBaseAmount?=amount RowDiscountTypeCode?=code
  RowDiscountTypeText?=s0-35 RowProgressiveDiscountDetails*=RowProgressiveDiscountDetailsType
  RowChargeDetails*=RowChargeDetailsType RowVatRatePercent?=percentage RowVatCode?=code RowVatAmount?=amount
  RowVatExcludedAmount?=amount RowAmount?=amount RowTransactionDetails?=TransactionDetailsType
  SubInvoiceRow*=SubInvoiceRowType
InvoiceSenderPartyDetailsType: InvoiceSenderPartyIdentifier?=PartyLegalRegIdType InvoiceSenderOrganisationName+=s2-35
  InvoiceSenderOrganisationTaxCode?=n0-35 InvoiceSenderCode?=PartyIdentifierType
MessageDetails: MessageIdentifier=s2-48 MessageTimeStamp=xs:dateTime RefToMessageIdentifier?=s0-48
  ImplementationCode?=s0-4 SpecificationIdentifier?=s1-35
MessageReceiverDetails: ToIdentifier=ElectronicAddrIdType ToIntermediator=s2-35
MessageSenderDetails: FromIdentifier=ElectronicAddrIdType FromIntermediator=s2-35
MessageTransmissionDetailsType: MessageSenderDetails=MessageSenderDetails
  MessageReceiverDetails=MessageReceiverDetails MessageDetails=MessageDetails
OriginalInvoiceReferenceType: InvoiceNumber?=s1-20 InvoiceDate?=date
PackageDetails: PackageLength?=QuantityType0_14 PackageWidth?=QuantityType0_14 PackageHeight?=QuantityType0_14
  PackageWeight?=QuantityType0_14 PackageNetWeight?=QuantityType0_14 PackageVolume?=QuantityType0_14
  TransportCarriageQuantity?=QuantityType0_14
PartialPaymentDetailsType: PaidAmount=amount PaidVatExcludedAmount?=amount UnPaidAmount=amount
  UnPaidVatExcludedAmount?=amount InterestPercent?=percentage ProsessingCostsAmount?=amount
  PartialPaymentVatIncludedAmount+=amount PartialPaymentVatExcludedAmount+=amount PartialPaymentDueDate+=date
  PartialPaymentReferenceIdentifier+=s2-35
PaymentCardInfoType: PrimaryAccountNumber=s1-19 CardHolderName?=s1-70
PaymentOverDueFineDetailsType: PaymentOverDueFineFreeText{0-3}=s0-70 PaymentOverDueFinePercent?=percentage
  PaymentOverDueFixedAmount?=amount
PaymentStatusDetailsType: PaymentStatusCode?=PAID|NOTPAID|PARTLYPAID PaymentMethodText?=s0-35
PaymentTermsDetailsType: PaymentTermsFreeText{0-2}=s0-70 FreeText{0-2}=HeaderValueType InvoiceDueDate?=date
  CashDiscountDate?=date CashDiscountBaseAmount?=amount CashDiscountPercent?=percentage CashDiscountAmount?=amount
  CashDiscountExcludingVatAmount?=amount CashDiscountVatDetails*=CashDiscountVatDetails
  ReducedInvoiceVatIncludedAmount?=amount PaymentOverDueFineDetails?=PaymentOverDueFineDetailsType
RowAnyPartyDetailsType: RowAnyPartyText=anypartytexttype0_35 RowAnyPartyIdentifier?=PartyLegalRegIdType
  RowAnyPartyOrganisationName{1-2}=s2-35 RowAnyPartyOrganisationDepartment{0-2}=s0-35
  RowAnyPartyOrganisationTaxCode?=s0-35 RowAnyPartyCode?=PartyIdentifierType
  RowAnyPartyPostalAddressDetails?=RowAnyPartyPostalAddressDetails RowAnyPartyOrganisationUnitNumber?=s0-35
  RowAnyPartySiteCode?=s0-35
RowAnyPartyPostalAddressDetails: RowAnyPartyStreetName{1-3}=s2-35 RowAnyPartyTownName=s2-35
  RowAnyPartyPostCodeIdentifier=s2-35 RowAnyPartyCountrySubdivision?=s2-35 CountryCode?=n2-2 CountryName?=s0-35
  RowAnyPartyPostOfficeBoxIdentifier?=s0-35
RowChargeDetailsType: ReasonText?=s1-70 ReasonCode?=code Percent?=percentage Amount?=amount BaseAmount?=amount
RowDefinitionDetailsType: RowDefinitionHeaderText=RowDefinitionHeaderText RowDefinitionValue?=QuantityType0_70
RowDeliveryDetailsType: RowTerminalAddressText?=s0-70 RowWaybillIdentifier?=s0-70 RowWaybillTypeCode?=s0-35
  RowClearanceIdentifier?=s0-70 RowDeliveryNoteIdentifier?=s0-70 RowDelivererIdentifier?=s0-35
  RowDelivererName{0-3}=s0-35 RowDelivererCountrySubdivision?=s2-35 RowDelivererCountryCode?=n2-2
  RowDelivererCountryName?=s0-35 RowModeOfTransportIdentifier?=s0-70 RowCarrierName?=s0-35 RowVesselName?=s0-35
  RowLocationIdentifier?=s0-70 RowTransportInformationDate?=date RowCountryOfOrigin?=s0-35
  RowCountryOfDestinationName?=s0-35 RowDestinationCountryCode?=n2-2 RowPlaceOfDischarge?=s0-35
  RowFinalDestinationName{0-3}=s0-35 RowCustomsInfo?=CustomsInfoType RowManufacturerArticleIdentifier?=s0-70
  RowManufacturerIdentifier?=s0-35 RowManufacturerName{0-3}=s0-35 RowManufacturerCountrySubdivision?=s2-35
  RowManufacturerCountryCode?=n2-2 RowManufacturerCountryName?=s0-35 RowManufacturerOrderIdentifier?=s0-70
  RowPackageDetails?=RowPackageDetails
RowOverDuePaymentDetailsType: RowOriginalInvoiceIdentifier?=s0-35 RowOriginalInvoiceDate?=date
  RowOriginalDueDate?=date RowOriginalInvoiceTotalAmount?=amount RowOriginalEpiRemittanceInfoIdentifier?=s0-35
  RowPaidVatExcludedAmount?=amount RowPaidVatIncludedAmount?=amount RowPaidDate?=date
  RowUnPaidVatExcludedAmount?=amount RowUnPaidVatIncludedAmount?=amount RowCollectionDate?=date
  RowCollectionQuantity?=QuantityType0_14 RowCollectionChargeAmount?=amount RowInterestRate?=percentage
  RowInterestStartDate?=date RowInterestEndDate?=date RowInterestPeriodText?=s0-35 RowInterestDateNumber?=n0-14
  RowInterestChargeAmount?=amount RowInterestChargeVatAmount?=amount
RowPackageDetails: RowPackageLength?=QuantityType0_14 RowPackageWidth?=QuantityType0_14
  RowPackageHeight?=QuantityType0_14 RowPackageWeight?=QuantityType0_14 RowPackageNetWeight?=QuantityType0_14
  RowPackageVolume?=QuantityType0_14 RowTransportCarriageQuantity?=QuantityType0_14
RowProgressiveDiscountDetailsType: RowDiscountPercent?=percentage RowDiscountAmount?=amount
  RowDiscountBaseAmount?=amount RowDiscountTypeCode?=code RowDiscountTypeText?=s0-35
SellerAccountDetailsType: SellerAccountID=SellerAccountIDType SellerBic=SellerBicType SellerAccountName?=s1-70
SellerCommunicationDetailsType: SellerPhoneNumberIdentifier?=s0-35 SellerEmailaddressIdentifier?=s0-70
SellerInformationDetailsType: SellerOfficialPostalAddressDetails?=SellerOfficialPostalAddressDetails
  SellerHomeTownName?=s0-35 SellerVatRegistrationText?=s0-35 SellerVatRegistrationDate?=date
  SellerTaxRegistrationText?=s0-35 SellerAdditionalLegalInfo?=s0-512 SellerPhoneNumber?=s0-35 SellerFaxNumber?=s0-35
  SellerCommonEmailaddressIdentifier?=s0-70 SellerWebaddressIdentifier?=s0-70 SellerFreeText?=s0-512
  SellerAccountDetails*=SellerAccountDetailsType InvoiceRecipientDetails*=InvoiceRecipientDetailsType
SellerOfficialPostalAddressDetails: SellerOfficialStreetName=s2-35 SellerOfficialTownName=s2-35
  SellerOfficialPostCodeIdentifier=s2-35 SellerOfficialCountrySubdivision?=s2-35 CountryCode?=n2-2 CountryName?=s0-35
SellerPartyDetailsType: SellerPartyIdentifier?=PartyLegalRegIdType SellerPartyIdentifierUrlText?=s0-512
  SellerOrganisationName+=s2-70 SellerOrganisationTradingName?=s2-70 SellerOrganisationDepartment{0-2}=s0-35
  SellerOrganisationTaxCode?=s0-35 SellerOrganisationTaxCodeUrlText?=s0-512 SellerCode*=PartyIdentifierType
  SellerPostalAddressDetails?=SellerPostalAddressDetailsType
SellerPostalAddressDetailsType: SellerStreetName{1-3}=s2-35 SellerTownName=s2-35 SellerPostCodeIdentifier=s2-35
  SellerCountrySubdivision?=s2-35 CountryCode?=n2-2 CountryName?=s0-35 SellerPostOfficeBoxIdentifier?=s0-35
ShipmentPartyDetails: ShipmentPartyIdentifier?=PartyLegalRegIdType ShipmentOrganisationName+=s2-35
  ShipmentOrganisationDepartment{0-2}=s0-35 ShipmentOrganisationTaxCode?=s0-35 ShipmentCode?=PartyIdentifierType
  ShipmentPostalAddressDetails?=ShipmentPostalAddressDetails ShipmentSiteCode?=s0-35
ShipmentPostalAddressDetails: ShipmentStreetName{1-3}=s2-35 ShipmentTownName=s2-35 ShipmentPostCodeIdentifier=s2-35
  ShipmentCountrySubdivision?=s2-35 CountryCode?=n2-2 CountryName?=s0-35 ShipmentPostOfficeBoxIdentifier?=s0-35
SpecificationDetailsType: SpecificationFreeText*=s0-80 ExternalSpecificationDetails?=ExternalSpecificationDetailsType
SubInvoiceRowType: SubIdentifier?=s0-35 SubRowPositionIdentifier?=s0-35 SubInvoicedObjectID?=InvoicedObjectIDType
  SubArticleIdentifier?=s0-70 SubArticleGroupIdentifier*=ArticleGroupIdentifierType SubArticleName?=s0-100
  SubArticleDescription?=s0-512 SubArticleInfoUrlText?=s0-512 SubBuyerArticleIdentifier?=s0-70 SubEanCode?=EanCodeType
  SubRowRegistrationNumberIdentifier?=s0-70 SubSerialNumberIdentifier?=s0-70 SubRowActionCode?=t0-35
  SubRowDefinitionDetails*=SubRowDefinitionDetails SubOfferedQuantity*=QuantityType0_14
  SubDeliveredQuantity*=QuantityType0_14 SubOrderedQuantity?=QuantityType0_14 SubConfirmedQuantity?=QuantityType0_14
  SubPostDeliveredQuantity?=QuantityType0_14 SubInvoicedQuantity*=QuantityType0_14
  SubCreditRequestedQuantity?=QuantityType0_14 SubReturnedQuantity?=QuantityType0_14 SubStartDate?=date
  SubEndDate?=date SubUnitPriceAmount?=unitAmount SubUnitPriceDiscountAmount?=unitAmount
  SubUnitPriceNetAmount?=unitAmount SubUnitPriceVatIncludedAmount?=unitAmount
  SubUnitPriceBaseQuantity?=QuantityType0_14 SubRowIdentifier?=s0-35 SubRowIdentifierUrlText?=s0-512
  SubRowIdentifierDate?=date SubRowOrdererName?=s0-35 SubRowSalesPersonName?=s0-35
  SubRowOrderConfirmationIdentifier?=s0-70 SubRowOrderConfirmationDate?=date SubOriginalInvoiceNumber?=s1-20
  SubOriginalInvoiceDate?=date SubOriginalInvoiceReference*=OriginalInvoiceReferenceType
  SubRowDeliveryIdentifier?=s0-35 SubRowDeliveryIdentifierUrlText?=s0-512 SubRowDeliveryDate?=date
  SubRowQuotationIdentifier?=s0-35 SubRowQuotationIdentifierUrlText?=s0-512 SubRowAgreementIdentifier?=s0-70
  SubRowAgreementIdentifierUrlText?=s0-512 SubRowRequestOfQuotationIdentifier?=s0-35
  SubRowRequestOfQuotationIdentifierUrlText?=s0-512 SubRowPriceListIdentifier?=s0-35
  SubRowPriceListIdentifierUrlText?=s0-512 SubRowBuyerReferenceIdentifier?=s0-70
  SubRowProjectReferenceIdentifier?=s0-70 SubRowOverDuePaymentDetails?=SubRowOverDuePaymentDetails
  SubRowAnyPartyDetails*=SubRowAnyPartyDetails SubRowDeliveryDetails?=SubRowDeliveryDetailsType
  SubRowShortProposedAccountIdentifier?=s0-4 SubRowNormalProposedAccountIdentifier?=s0-4
  SubRowProposedAccountText?=s0-35 SubRowAccountDimensionText?=s0-35 SubRowSellerAccountText?=s0-35
  SubRowFreeText*=s0-512 SubRowUsedQuantity?=QuantityType0_14 SubRowPreviousMeterReadingDate?=date
  SubRowLatestMeterReadingDate?=date SubRowCalculatedQuantity?=QuantityType0_14 SubRowAveragePriceAmount?=amount
  SubRowDiscountPercent?=percentage SubRowDiscountAmount?=amount SubRowDiscountBaseAmount?=amount
  SubRowDiscountTypeCode?=code SubRowDiscountTypeText?=s0-35
  SubRowProgressiveDiscountDetails*=SubRowProgressiveDiscountDetails SubRowChargeDetails*=RowChargeDetailsType
  SubRowVatRatePercent?=percentage SubRowVatCode?=code SubRowVatAmount?=amount SubRowVatExcludedAmount?=amount
  SubRowAmount?=amount SubRowTransactionDetails?=TransactionDetailsType
SubRowAnyPartyDetails: SubRowAnyPartyText=anypartytexttype0_35 SubRowAnyPartyIdentifier?=PartyLegalRegIdType
  SubRowAnyPartyOrganisationName{1-2}=s2-35 SubRowAnyPartyOrganisationDepartment{0-2}=s0-35
  SubRowAnyPartyOrganisationTaxCode?=s0-35 SubRowAnyPartyCode?=PartyIdentifierType
  SubRowAnyPartyPostalAddressDetails?=SubRowAnyPartyPostalAddressDetails SubRowAnyPartyOrganisationUnitNumber?=s0-35
  SubRowAnyPartySiteCode?=s0-35
SubRowAnyPartyPostalAddressDetails: SubRowAnyPartyStreetName{1-3}=s2-35 SubRowAnyPartyTownName=s2-35
  SubRowAnyPartyPostCodeIdentifier=s2-35 SubRowAnyPartyCountrySubdivision?=s2-35 CountryCode?=n2-2 CountryName?=s0-35
  SubRowAnyPartyPostOfficeBoxIdentifier?=s0-35
SubRowDefinitionDetails: SubRowDefinitionHeaderText=SubRowDefinitionHeaderText SubRowDefinitionValue?=QuantityType0_70
SubRowDeliveryDetailsType: SubRowTerminalAddressText?=s0-70 SubRowWaybillIdentifier?=s0-70
  SubRowWaybillTypeCode?=n0-35 SubRowClearanceIdentifier?=s0-70 SubRowDeliveryNoteIdentifier?=s0-70
  SubRowDelivererIdentifier?=s0-35 SubRowDelivererName{0-3}=s0-35 SubRowDelivererCountrySubdivision?=s2-35
  SubRowDelivererCountryCode?=n2-2 SubRowDelivererCountryName?=s0-35 SubRowPlaceOfDischarge?=s0-35
  SubRowFinalDestinationName{0-3}=s0-35 SubRowCustomsInfo?=CustomsInfoType SubRowManufacturerArticleIdentifier?=s0-70
  SubRowManufacturerIdentifier?=s0-35 SubRowManufacturerName{0-3}=s0-35 SubRowManufacturerCountrySubdivision?=s2-35
  SubRowManufacturerCountryCode?=n2-2 SubRowManufacturerCountryName?=s0-35 SubRowManufacturerOrderIdentifier?=s0-70
  SubRowPackageDetails?=SubRowPackageDetails
SubRowOverDuePaymentDetails: SubRowOriginalInvoiceIdentifier?=s0-35 SubRowOriginalInvoiceDate?=date
  SubRowOriginalDueDate?=date SubRowOriginalInvoiceTotalAmount?=amount
  SubRowOriginalEpiRemittanceInfoIdentifier?=s0-35 SubRowPaidVatExcludedAmount?=amount
  SubRowPaidVatIncludedAmount?=amount SubRowPaidDate?=date SubRowUnPaidVatExcludedAmount?=amount
  SubRowUnPaidVatIncludedAmount?=amount SubRowCollectionDate?=date SubRowCollectionQuantity?=QuantityType0_14
  SubRowCollectionChargeAmount?=amount SubRowInterestRate?=percentage SubRowInterestStartDate?=date
  SubRowInterestEndDate?=date SubRowInterestPeriodText?=s0-35 SubRowInterestDateNumber?=n0-14
  SubRowInterestChargeAmount?=amount SubRowInterestChargeVatAmount?=amount
SubRowPackageDetails: SubRowPackageLength?=QuantityType0_14 SubRowPackageWidth?=QuantityType0_14
  SubRowPackageHeight?=QuantityType0_14 SubRowPackageWeight?=QuantityType0_14 SubRowPackageNetWeight?=QuantityType0_14
  SubRowPackageVolume?=QuantityType0_14 SubRowTransportCarriageQuantity?=QuantityType0_14
SubRowProgressiveDiscountDetails: SubRowDiscountPercent?=percentage SubRowDiscountAmount?=amount
  SubRowDiscountBaseAmount?=amount SubRowDiscountTypeCode?=code SubRowDiscountTypeText?=s0-35
TransactionDetailsType: OtherCurrencyAmount?=amount ExchangeRate?=rate ExchangeDate?=date
VatPointType: VatPointDate=date VatPointDateCode=code
VatSpecificationDetailsType: VatBaseAmount?=amount VatRatePercent?=percentage VatCode?=code VatRateAmount?=amount
  VatFreeText{0-3}=s0-70 VatExemptionReasonCode?=exemption
"""
