/** FirstNormalObjectId (src/include/access/transam.h): initdb made what is below; users and extensions the rest. */
export const FIRST_NORMAL_OID = 16_384;
